//! PostObject: an upload from an HTML form (api-objects.md §10). A form is a PutObject whose headers are fields and
//! whose signature is that of a policy; once its fields are read it goes the way of PutObject.

use crate::callback;
use crate::gate;
use crate::handle::put::Pieces;
use crate::handle::{capacity, encryption, fault, multipart, object_headers, put};
use crate::lifecycle::announce::expiration;
use crate::request::Call;
use crate::respond::{Answer, CRC64, Content, empty, response, set, set_number, set_owned};
use crate::upload::RequestBody;
use bytes::Bytes;
use fosse_oss::form::{self, FormFields, FormFile, FormPart, FormReader, MAX_BEFORE_FILE, Success};
use fosse_oss::sign::FormPolicy;
use fosse_oss::xml::PostResponse;
use fosse_oss::{ErrorCode, OssError, etag};
use http::header::{CONTENT_TYPE, ETAG, HeaderName, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};

/// Headers of the request that mean something for a form: the rest describes the form and not the object.
const KEPT: [&str; 2] = ["x-oss-object-acl", "x-oss-request-payer"];

/// `POST /` with a form. The one operation that is authorized here and not by dispatch: who asks, and for which key, is
/// in the body.
pub(crate) async fn post_object(call: &mut Call, body: &mut RequestBody) -> Answer {
    let content_type = call.known_header(CONTENT_TYPE).unwrap_or_default();
    let reader = FormReader::new(&form::boundary(&content_type)?);
    let largest = call.service.config.limits.max_upload_bytes;
    body.check_upload(u64::MAX)?;
    let around = 2 * MAX_BEFORE_FILE as u64;
    if body
        .declared()
        .is_some_and(|all| all > largest.saturating_add(around))
    {
        return Err(ErrorCode::EntityTooLarge.into());
    }
    let mut form = FormBody {
        body,
        reader,
        file: false,
    };
    let (fields, file) = form.fields().await?;

    let (caller, policy) = gate::authenticate_form(call, &fields.pairs())?;
    call.caller = caller;
    let policy = policy.as_deref().map(FormPolicy::parse).transpose()?;
    if let Some(policy) = &policy {
        let bucket = call.target.bucket.as_deref().unwrap_or_default();
        policy.check(bucket, &fields.checked_by_policy(&file), call.now())?;
    }
    call.target.key = fields.key(&file)?;
    if call.target.key.is_empty() {
        // Of `${filename}` alone, where no file was chosen; without a key the gate would judge the bucket.
        return Err(OssError::new(ErrorCode::InvalidObjectName)
            .with_message("The Object name can not be empty."));
    }
    call.headers = as_headers(&call.headers, &fields, &file)?;
    let success = fields.success()?;
    let operation = fosse_oss::op::Operation::PostObject;
    let granted = gate::authorize(call, operation).await?;

    let (bucket, key) = (granted.bucket()?, granted.key()?.as_str());
    let callback = match fields.text("callback")? {
        Some(encoded) => {
            Some(callback::plan(call, bucket, encoded, fields.callback_variables()).await?)
        }
        None => None,
    };
    let attrs = object_headers::attributes(call, bucket)?;
    let condition = put::overwrite_condition(call, bucket, key).await?;
    let most = policy.as_ref().and_then(FormPolicy::max_size);
    let limit = most.map_or(largest, |most| most.min(largest));
    let blob = put::receive_pieces(call, &mut form, &attrs, limit, |_| {
        ErrorCode::EntityTooLarge.into()
    })
    .await?;
    if let Some(policy) = &policy {
        policy.check_size(blob.size())?;
    }
    capacity::admit(call, bucket, blob.size()).await?;
    let blob = blob.seal().await.map_err(fault::of)?;
    let written = call
        .service
        .store
        .put_object(bucket, key, blob, attrs, condition, call.now_ms)
        .await
        .map_err(fault::of)?;

    let object = &written.object;
    let mut response = match success {
        Success::Ok => empty(StatusCode::OK),
        Success::NoContent => empty(StatusCode::NO_CONTENT),
        Success::Redirect(url) => {
            let address =
                FormFields::redirect_address(&url, &bucket.name, key.as_bytes(), &object.etag);
            let mut response = empty(StatusCode::SEE_OTHER);
            set_owned(response.headers_mut(), LOCATION, address);
            response
        }
        Success::Created => {
            let document = PostResponse {
                bucket: bucket.name.clone(),
                location: multipart::location(call, &bucket.name, key),
                key: key.to_owned(),
                etag: object.etag.clone(),
            };
            let content = Content::Whole(document.to_xml().into());
            let mut response = response(StatusCode::CREATED, content);
            let xml = HeaderValue::from_static("application/xml");
            response.headers_mut().insert(CONTENT_TYPE, xml);
            response
        }
    };
    let headers = response.headers_mut();
    set(headers, ETAG, &etag::quote(&object.etag));
    set_number(headers, CRC64, object.crc64);
    object_headers::name_version(headers, object, bucket);
    encryption::tell(headers, &object.attrs);
    expiration(call, bucket, key, object, headers)?;
    match callback {
        Some(callback) => callback.answer(call, bucket, key, object, response).await,
        None => Ok(response),
    }
}

/// The headers that a PutObject of the same object would have, beside those that are not about the object.
fn as_headers(
    sent: &HeaderMap,
    fields: &FormFields,
    file: &FormFile,
) -> Result<HeaderMap, OssError> {
    let about_object = |name: &str| {
        (name.starts_with("x-oss-") && !KEPT.contains(&name))
            || name.starts_with("content-")
            || name.starts_with("if-")
            || matches!(name, "cache-control" | "expires" | "authorization")
    };
    let mut headers = HeaderMap::with_capacity(sent.len());
    for (name, value) in sent {
        if !about_object(name.as_str()) {
            headers.append(name.clone(), value.clone());
        }
    }
    let said = fields.headers(file)?;
    // A field counts instead of the header of that name.
    for (name, _) in &said {
        headers.remove(name.as_ref());
    }
    for (name, value) in said {
        let carried = HeaderName::from_bytes(name.as_bytes())
            .ok()
            .zip(HeaderValue::from_bytes(value).ok());
        let Some((header, value)) = carried else {
            let message = "The form field cannot be a header.";
            return Err(OssError::invalid_argument(&name, "", message));
        };
        headers.append(header, value);
    }
    Ok(headers)
}

/// A request body that is a form: the fields first, then the file as pieces.
struct FormBody<'a> {
    body: &'a mut RequestBody,
    reader: FormReader,
    /// The file has begun and not ended.
    file: bool,
}

impl FormBody<'_> {
    /// The next part. A body that ends before the form does is refused.
    async fn part(&mut self) -> Result<FormPart, OssError> {
        loop {
            if let Some(part) = self.reader.read()? {
                return Ok(part);
            }
            match self.body.next().await? {
                Some(piece) => self.reader.feed(&piece),
                None => return Err(FormReader::broken_off()),
            }
        }
    }

    /// Everything before the file, and the head of the file.
    async fn fields(&mut self) -> Result<(FormFields, FormFile), OssError> {
        let mut fields = Vec::new();
        loop {
            match self.part().await? {
                FormPart::Field(field) => fields.push(field),
                FormPart::File(file) => {
                    self.file = true;
                    return Ok((FormFields::new(fields)?, file));
                }
                // The reader gives none of these before the file.
                FormPart::Data(_) | FormPart::FileEnd | FormPart::End => {
                    return Err(FormReader::broken_off());
                }
            }
        }
    }
}

impl Pieces for FormBody<'_> {
    fn expected(&self) -> Option<u64> {
        // The delimiter and what follows it are not known.
        None
    }

    /// Ends only when the closing delimiter was read, so that a form that breaks off leaves nothing.
    async fn next_piece(&mut self) -> Result<Option<Bytes>, OssError> {
        while self.file {
            match self.part().await? {
                FormPart::Data(bytes) => return Ok(Some(bytes)),
                FormPart::End => self.file = false,
                _ => {}
            }
        }
        Ok(None)
    }
}
