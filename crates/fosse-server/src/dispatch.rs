//! From a request to its handler and back: addressing, then who asks, then may they, then the one handler of the
//! operation. The order of refusals follows errors.md §3.

use crate::access_log;
use crate::addressing;
use crate::bucket_recovery;
use crate::callback;
use crate::conn::Origin;
use crate::delivery;
use crate::gate::{self, Authorized};
use crate::handle;
use crate::observe::Record;
use crate::request::Call;
use crate::respond::{self, Answer, Outgoing};
use crate::rpc::{self, Looks};
use crate::service::Service;
use crate::stall::InFlight;
use crate::upload::RequestBody;
use crate::website;
use fosse_oss::op::{Operation, Query};
use fosse_oss::{ErrorCode, OssError};
use fosse_store::measure_growth;
use http::header::ORIGIN;
use http::{Method, Request, Response};
use hyper::body::Incoming;
use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Answers one request. Never fails: every fault is an answer. A plain function around an `async` block, because an
/// `async fn` would keep its arguments beside what is made of them.
pub(crate) fn handle(
    service: Arc<Service>,
    origin: Origin,
    in_flight: InFlight,
    request: Request<Incoming>,
) -> impl Future<Output = Result<Response<Outgoing>, Infallible>> + Send {
    let started = Instant::now();
    let (parts, incoming) = request.into_parts();
    let mut body = RequestBody::new(
        incoming,
        parts.version,
        &parts.headers,
        &service.config.limits,
    );
    let mut call = Call::new(service, origin, parts, started);
    let mut record = Record::new(&call, in_flight);
    async move {
        let (answer, growth) = if call.service.access_log.is_wanted() {
            Box::pin(measure_growth(answer(&mut call, &mut body))).await
        } else {
            (answer(&mut call, &mut body).await, 0)
        };
        let (mut response, error) = match answer {
            Ok(mut response) => {
                let status = response.status();
                delivery::force_download(&call, status, response.headers_mut());
                (response, None)
            }
            Err(error) => (respond::refuse(&call, &error), Some(error)),
        };
        if call.headers.contains_key(ORIGIN) || call.cors_rules.load(Ordering::Relaxed) {
            Box::pin(handle::cors::allow_origin(&call, response.headers_mut())).await;
        }
        let close = body.settle(&call.method, call.version);
        record.bytes_in = body.received();
        if call.service.access_log.is_wanted() {
            let pending = access_log::pending(
                &call,
                response.status(),
                response.headers(),
                error.as_ref(),
                growth,
            );
            record.pending = Box::pin(pending).await.map(Box::new);
        }
        record.learn(&mut call, error.as_ref());
        let response = respond::send(&call, response, close, record);
        respond::recycle(call.headers);
        Ok(response)
    }
}

async fn answer(call: &mut Call, body: &mut RequestBody) -> Answer {
    call.check_host()?;
    call.check_coding()?;
    let looks = rpc::looks(call);
    if looks == Looks::Call {
        return Ok(Box::pin(rpc::answer(call, body)).await);
    }
    addressing::resolve(call).await?;
    if callback::is_key_request(call) {
        return callback::public_key(call).await;
    }
    if let Some(redirect) = addressing::https_redirect(call) {
        return Ok(redirect);
    }
    call.query = Query::beside_signature(call.raw_query())?;
    let mut operation = identify(call);
    if call.method == Method::OPTIONS {
        return Box::pin(handle::cors::preflight(call)).await;
    }
    if looks == Looks::CallWithoutBucket && call.target.bucket.is_none() {
        return Ok(Box::pin(rpc::answer(call, body)).await);
    }
    if call.operation == Some(Operation::PostObject) {
        return Box::pin(handle::post_form::post_object(call, body)).await;
    }
    match gate::authenticate(call) {
        Ok(caller) => call.caller = caller,
        Err(refusal) => {
            call.caller = match Box::pin(bucket_recovery::recover(call, refusal)).await {
                Ok(caller) => caller,
                Err(refusal) => return Err(gate::rather_no_such_bucket(call, refusal).await),
            };
            operation = identify(call);
        }
    }
    let operation = gate::creating(call, operation?).await;
    if delivery::is_link_to_package(call, operation) {
        Box::pin(delivery::refuse_package(call)).await?;
    }
    if website::concerns(call, operation)
        && let Some(page) = Box::pin(website::serve(call)).await
    {
        return page;
    }
    let granted = match gate::authorize(call, operation).await {
        Ok(granted) => granted,
        Err(refusal) => return Err(as_creation(operation, refusal)),
    };
    addressing::check_name(call, operation, granted.bucket().ok().map(|b| &**b))?;
    if let Some(refusal) = operation.refusal() {
        return Err(refusal);
    }
    match route(call, body, operation, &granted).await {
        Err(refusal) if refusal.code() == ErrorCode::NoSuchKey => {
            Box::pin(website::instead_of_directory(
                call, operation, &granted, refusal,
            ))
            .await
        }
        answer => answer,
    }
}

/// OSS takes the newest settings of a bucket that is not there for a PutBucket with a body that is none: the suites of the
/// newer SDKs expect its answer.
fn as_creation(operation: Operation, refusal: OssError) -> OssError {
    use Operation as Op;
    match operation {
        Op::PutBucketOverwriteConfig | Op::PutBucketObjectWormConfiguration
            if refusal.code() == ErrorCode::NoSuchBucket =>
        {
            OssError::new(ErrorCode::MalformedXml).with_ec("0015-00000231")
        }
        _ => refusal,
    }
}

/// The operation that the request names, also kept in `call`.
fn identify(call: &mut Call) -> Result<Operation, OssError> {
    let operation = Operation::identify(call.method.as_str(), &call.target, &call.query, &|name| {
        call.headers.contains_key(name)
    });
    call.operation = operation.as_ref().ok().copied();
    operation
}

/// 400: an operation that Fosse knows and does not offer (api-objects.md §18).
pub(crate) fn not_built(message: impl Into<std::borrow::Cow<'static, str>>) -> OssError {
    OssError::new(ErrorCode::NotImplemented).with_message(message)
}

/// The state of all handlers together is several kilobytes, and hyper moves the state of a request more than once. So only
/// the busiest operation is part of it; the others get an allocation of their own.
async fn route(
    call: &Call,
    body: &mut RequestBody,
    operation: Operation,
    granted: &Authorized,
) -> Answer {
    match operation {
        Operation::GetObject => handle::get::get_object(call, granted).await,
        other => Box::pin(route_others(call, body, other, granted)).await,
    }
}

async fn route_others(
    call: &Call,
    body: &mut RequestBody,
    operation: Operation,
    granted: &Authorized,
) -> Answer {
    use Operation as Op;
    match operation {
        Op::GetObject => handle::get::get_object(call, granted).await,
        Op::HeadObject => handle::get::head_object(call, granted).await,
        Op::GetObjectMeta => handle::get::get_object_meta(call, granted).await,
        Op::PutObject => handle::put::put_object(call, body, granted).await,
        #[cfg(feature = "select")]
        Op::SelectObject => handle::select::select_object(call, body, granted).await,
        #[cfg(feature = "select")]
        Op::CreateSelectObjectMeta => {
            handle::select::create_select_object_meta(call, body, granted).await
        }
        Op::CopyObject => handle::copy::copy_object(call, granted).await,
        Op::DeleteObject => handle::delete::delete_object(call, granted).await,
        Op::DeleteMultipleObjects => {
            handle::delete_multiple::delete_multiple_objects(call, body, granted).await
        }
        Op::InitiateMultipartUpload => handle::multipart::initiate(call, granted).await,
        Op::UploadPart => handle::multipart::upload_part(call, body, granted).await,
        Op::UploadPartCopy => handle::part_copy::upload_part_copy(call, granted).await,
        Op::CompleteMultipartUpload => handle::multipart::complete(call, body, granted).await,
        Op::AbortMultipartUpload => handle::multipart::abort(call, granted).await,
        Op::ListParts => handle::list_multipart::list_parts(call, granted).await,
        Op::ListMultipartUploads => handle::list_multipart::list_uploads(call, granted).await,
        Op::ListObjects => handle::list::list_objects(call, granted).await,
        Op::ListObjectsV2 => handle::list::list_objects_v2(call, granted).await,
        Op::ListObjectVersions => handle::list_versions::list_object_versions(call, granted).await,
        Op::ListBuckets => handle::bucket_list::list_buckets(call).await,
        Op::DescribeRegions => handle::regions::describe_regions(call),
        Op::ListLiveChannel => handle::live_channel::list_live_channel(call),
        Op::PutBucket => handle::bucket::put_bucket(call, body, granted).await,
        Op::DeleteBucket => handle::bucket::delete_bucket(call, granted).await,
        Op::HeadBucket => Ok(respond::empty(http::StatusCode::OK)),
        Op::GetBucketInfo => handle::bucket::get_bucket_info(call, granted).await,
        Op::GetBucketLocation => handle::bucket::get_bucket_location(call),
        Op::CreateCnameToken => handle::cname::create_token(call, body, granted).await,
        Op::GetCnameToken => handle::cname::get_token(call, granted).await,
        Op::PutCname => handle::cname::put(call, body, granted).await,
        Op::ListCname => handle::cname::list(call, granted).await,
        Op::DeleteCname => handle::cname::delete(call, body, granted).await,
        Op::GetBucketStat => handle::bucket::get_bucket_stat(call, granted).await,
        Op::GetBucketAcl => handle::acl::get_bucket_acl(granted),
        Op::PutBucketAcl => handle::acl::put_bucket_acl(call, granted).await,
        Op::GetObjectAcl => handle::acl::get_object_acl(call, granted).await,
        Op::PutObjectAcl => handle::acl::put_object_acl(call, granted).await,
        Op::PutBucketVersioning => handle::versioning::put(call, body, granted).await,
        Op::GetBucketVersioning => handle::versioning::get(granted),
        Op::AppendObject => handle::append::append_object(call, body, granted).await,
        Op::SealAppendObject => handle::append::seal_append_object(call, granted).await,
        Op::RestoreObject => handle::restore::restore_object(call, body, granted).await,
        Op::CleanRestoredObject => handle::restore::clean_restored_object(call, granted).await,
        Op::PutObjectRetention => handle::retention::put_retention(call, body, granted).await,
        Op::GetObjectRetention => handle::retention::get_retention(call, granted).await,
        Op::PutObjectLegalHold => handle::retention::put_legal_hold(call, body, granted).await,
        Op::GetObjectLegalHold => handle::retention::get_legal_hold(call, granted).await,
        Op::PutObjectTagging => handle::object_tagging::put(call, body, granted).await,
        Op::GetObjectTagging => handle::object_tagging::get(call, granted).await,
        Op::DeleteObjectTagging => handle::object_tagging::delete(call, granted).await,
        Op::PutSymlink => handle::symlink::put_symlink(call, granted).await,
        Op::GetSymlink => handle::symlink::get_symlink(call, granted).await,
        other => handle::config::route(call, body, other, granted).await,
    }
}
