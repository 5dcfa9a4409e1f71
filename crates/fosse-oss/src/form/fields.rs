//! What the fields of a PostObject form ask for (api-objects.md §10). Names count in any case, values as they are.

use super::{FormField, FormFile};
use crate::header::META_PREFIX;
use crate::{OssError, encode, etag};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Fields that mean the same as the header of that name on PutObject.
const HEADERS: [&str; 17] = [
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-md5",
    "expires",
    "x-oss-forbid-overwrite",
    "x-oss-hash-crc64ecma",
    "x-oss-object-acl",
    "x-oss-persistent-headers",
    "x-oss-request-payer",
    "x-oss-server-side-data-encryption",
    "x-oss-server-side-encryption",
    "x-oss-server-side-encryption-key-id",
    "x-oss-storage-class",
    "x-oss-tagging",
    "x-oss-traffic-limit",
];
/// Fields that say how the form is to be taken, each at most once.
const FORM: [&str; 6] = [
    "callback",
    "content-type",
    "key",
    "success_action_redirect",
    "success_action_status",
    "x-oss-content-type",
];
/// What stands for the name of the file in `key`.
const FILENAME: &str = "${filename}";

/// A header that a field stands for: lower-case name and value.
pub type FormHeader<'a> = (Cow<'static, str>, &'a [u8]);

/// How a stored form is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Success {
    /// 303 to this URL.
    Redirect(String),
    /// 200 without body.
    Ok,
    /// 201 with a `PostResponse`.
    Created,
    /// 204, also for a status that is none of the three.
    NoContent,
}

/// The fields of a form, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FormFields(Vec<FormField>);

impl FormFields {
    /// Takes the fields before the file.
    ///
    /// Errors: 400 `InvalidArgument` when a field that must be unique occurs twice, as nobody could say which counts.
    pub fn new(fields: Vec<FormField>) -> Result<Self, OssError> {
        for (at, field) in fields.iter().enumerate() {
            let unique = FORM
                .iter()
                .chain(&HEADERS)
                .any(|name| field.name.eq_ignore_ascii_case(name));
            let before = fields.iter().take(at);
            if unique
                && before
                    .into_iter()
                    .any(|other| other.name.eq_ignore_ascii_case(&field.name))
            {
                return Err(refused(
                    &field.name,
                    "The form field occurs more than once.",
                ));
            }
        }
        Ok(Self(fields))
    }

    /// Name and value of every field.
    pub fn pairs(&self) -> Vec<(&str, &[u8])> {
        self.0
            .iter()
            .map(|field| (field.name.as_str(), field.value.as_ref()))
            .collect()
    }

    /// The pairs that the policy is checked on: those sent, and as `content-type` the type that the object will have.
    pub fn checked_by_policy<'a>(&'a self, file: &'a FormFile) -> Vec<(&'a str, &'a [u8])> {
        let mut pairs = self.pairs();
        if let Some(kind) = self.content_type(file) {
            pairs.push(("content-type", kind));
        }
        pairs
    }

    /// The value of a field, if it is there and not blank; outer blanks are not part of it.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0
            .iter()
            .find(|field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value.trim_ascii())
            .filter(|value| !value.is_empty())
    }

    /// As [`FormFields::get`], as text. Errors: 400 `InvalidArgument` when it is not UTF-8.
    pub fn text(&self, name: &str) -> Result<Option<&str>, OssError> {
        self.get(name)
            .map(|value| {
                std::str::from_utf8(value)
                    .map_err(|_| refused(name, "The form field is not valid UTF-8."))
            })
            .transpose()
    }

    /// The key, with every `${filename}` replaced by the last component of the file's name. Its bytes are checked when
    /// the object is addressed.
    ///
    /// Errors: 400 `InvalidArgument` without a `key`.
    pub fn key(&self, file: &FormFile) -> Result<Vec<u8>, OssError> {
        let key = self
            .0
            .iter()
            .find(|field| field.name.eq_ignore_ascii_case("key"))
            .map(|field| &field.value)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| {
                refused(
                    "key",
                    "The bucket POST must contain the specified field name.",
                )
            })?;
        let Ok(text) = std::str::from_utf8(key) else {
            return Ok(key.to_vec());
        };
        // RFC 7578 §4.2: of a path only the last component is to be used.
        let name = file.filename.rsplit(['/', '\\']).next().unwrap_or_default();
        Ok(text.replace(FILENAME, name).into_bytes())
    }

    /// The object's type: `x-oss-content-type`, else `Content-Type`, else that of the file.
    fn content_type<'a>(&'a self, file: &'a FormFile) -> Option<&'a [u8]> {
        self.get("x-oss-content-type")
            .or_else(|| self.get("content-type"))
            .or_else(|| file.content_type.as_deref().map(str::as_bytes))
    }

    /// The headers that a PutObject of the same object would have: lower-case name and value. A blank field is as good
    /// as none, except for user metadata.
    ///
    /// Errors: 400 `InvalidArgument` for a value that no header can carry.
    pub fn headers<'a>(&'a self, file: &'a FormFile) -> Result<Vec<FormHeader<'a>>, OssError> {
        let mut headers: Vec<FormHeader<'a>> = Vec::new();
        if let Some(kind) = self.content_type(file) {
            headers.push((Cow::Borrowed("content-type"), kind));
        }
        for name in HEADERS {
            if let Some(value) = self.get(name) {
                headers.push((Cow::Borrowed(name), value));
            }
        }
        for field in &self.0 {
            let name = field.name.to_ascii_lowercase();
            if name.starts_with(META_PREFIX) {
                headers.push((Cow::Owned(name), field.value.trim_ascii()));
            }
        }
        match headers.iter().find(|(_, value)| !fits_header(value)) {
            Some((name, _)) => Err(refused(
                name,
                "The form field holds characters that no header can carry.",
            )),
            None => Ok(headers),
        }
    }

    /// The variables of a callback: fields whose names begin with `x:`, with the prefix. Of one that occurs twice the
    /// last counts; bytes that are no text are replaced.
    pub fn callback_variables(&self) -> BTreeMap<String, String> {
        self.0
            .iter()
            .filter(|field| field.name.starts_with("x:"))
            .map(|field| {
                let value = String::from_utf8_lossy(&field.value).into_owned();
                (field.name.clone(), value)
            })
            .collect()
    }

    /// How success is answered.
    ///
    /// Errors: 400 `InvalidArgument` for a redirect to anything but an absolute http or https URL.
    pub fn success(&self) -> Result<Success, OssError> {
        if let Some(url) = self.text("success_action_redirect")? {
            let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
            let http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
            if !http || !url.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(refused(
                    "success_action_redirect",
                    "The redirect must be an absolute http or https URL.",
                ));
            }
            return Ok(Success::Redirect(url.to_owned()));
        }
        Ok(match self.get("success_action_status") {
            Some(b"200") => Success::Ok,
            Some(b"201") => Success::Created,
            _ => Success::NoContent,
        })
    }

    /// The address of [`Success::Redirect`] with `bucket`, `key` and `etag` (without quotes, sent with them) added to
    /// its query.
    pub fn redirect_address(url: &str, bucket: &str, key: &[u8], tag: &str) -> String {
        let (url, fragment) = url.split_once('#').unwrap_or((url, ""));
        let mut out = String::from(url);
        out.push_str(if url.contains('?') {
            "&bucket="
        } else {
            "?bucket="
        });
        encode::encode_component(bucket.as_bytes(), &mut out);
        out.push_str("&key=");
        encode::encode_component(key, &mut out);
        out.push_str("&etag=");
        encode::encode_component(etag::quote(tag).as_bytes(), &mut out);
        if !fragment.is_empty() {
            out.push('#');
            out.push_str(fragment);
        }
        out
    }
}

/// RFC 9110 §5.5: no control characters but the tab.
fn fits_header(value: &[u8]) -> bool {
    value
        .iter()
        .all(|byte| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f))
}

fn refused(name: &str, message: &'static str) -> OssError {
    OssError::invalid_argument(name, "", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn form(fields: &[(&str, &str)]) -> FormFields {
        FormFields::new(raw(fields)).unwrap()
    }

    fn raw(fields: &[(&str, &str)]) -> Vec<FormField> {
        fields
            .iter()
            .map(|(name, value)| FormField {
                name: (*name).into(),
                value: Bytes::copy_from_slice(value.as_bytes()),
            })
            .collect()
    }

    fn file(filename: &str, content_type: Option<&str>) -> FormFile {
        FormFile {
            filename: filename.into(),
            content_type: content_type.map(str::to_owned),
        }
    }

    #[test]
    fn the_filename_replaces_its_variable() {
        for (key, filename, wanted) in [
            ("a/b.txt", "x.txt", "a/b.txt"),
            ("user/${filename}", "x.txt", "user/x.txt"),
            ("${filename}-${filename}", "x", "x-x"),
            ("user/${filename}", r"C:\dir\x.txt", "user/x.txt"),
            ("user/${filename}", "../../etc/passwd", "user/passwd"),
            ("user/${filename}", "", "user/"),
            ("user/$filename", "x", "user/$filename"),
            (" spaced ", "x", " spaced "),
        ] {
            let form = form(&[("KEY", key)]);
            assert_eq!(form.key(&file(filename, None)).unwrap(), wanted.as_bytes());
        }
        for none in [&[][..], &[("key", "")]] {
            let error = form(none).key(&file("x", None)).unwrap_err();
            assert_eq!(
                error.message(),
                "The bucket POST must contain the specified field name."
            );
        }
    }

    #[test]
    fn the_content_type_has_three_sources() {
        let all = [("x-oss-content-type", "a/a"), ("Content-Type", "b/b")];
        let sent = file("x", Some("c/c"));
        for (fields, wanted) in [(&all[..], "a/a"), (&all[1..], "b/b"), (&all[2..], "c/c")] {
            let form = form(fields);
            let headers = form.headers(&sent).unwrap();
            assert_eq!(
                headers,
                [(Cow::Borrowed("content-type"), wanted.as_bytes())]
            );
            let pairs = form.checked_by_policy(&sent);
            assert_eq!(pairs.last(), Some(&("content-type", wanted.as_bytes())));
        }
        assert!(form(&[]).headers(&file("x", None)).unwrap().is_empty());
    }

    #[test]
    fn fields_become_headers() {
        let form = form(&[
            ("X-Oss-Object-Acl", " public-read "),
            ("x-oss-storage-class", ""),
            ("X-Oss-Meta-Name", "Jürgen"),
            ("x-oss-meta-empty", ""),
            ("Authorization", "no"),
            ("x-oss-unknown", "no"),
            ("Cache-Control", "max-age=1"),
        ]);
        let sent = file("x", None);
        let headers = form.headers(&sent).unwrap();
        let headers: Vec<(&str, &[u8])> = headers
            .iter()
            .map(|(name, value)| (name.as_ref(), *value))
            .collect();
        assert_eq!(
            headers,
            [
                ("cache-control", &b"max-age=1"[..]),
                ("x-oss-object-acl", b"public-read"),
                ("x-oss-meta-name", "Jürgen".as_bytes()),
                ("x-oss-meta-empty", b""),
            ]
        );
    }

    #[test]
    fn values_that_no_header_can_carry_are_refused() {
        for value in ["a\r\nb: c", "a\nb", "a\0", "a\x7f"] {
            for name in ["Cache-Control", "x-oss-meta-a", "Content-Type"] {
                let form = form(&[(name, value)]);
                let error = form.headers(&file("x", None)).unwrap_err();
                assert_eq!(error.code(), crate::ErrorCode::InvalidArgument);
            }
        }
    }

    #[test]
    fn what_must_be_unique_is_so() {
        for (one, other) in [("key", "Key"), ("x-oss-object-acl", "X-OSS-OBJECT-ACL")] {
            assert!(FormFields::new(raw(&[(one, "a"), (other, "a")])).is_err());
        }
        assert!(FormFields::new(raw(&[("x-oss-meta-a", "1"), ("x-oss-meta-a", "2")])).is_ok());
    }

    #[test]
    fn answers() {
        for (fields, wanted) in [
            (&[][..], Success::NoContent),
            (&[("success_action_status", "200")], Success::Ok),
            (&[("Success_Action_Status", "201")], Success::Created),
            (&[("success_action_status", "404")], Success::NoContent),
            (
                &[
                    ("success_action_status", "201"),
                    ("success_action_redirect", "http://a/?b=1"),
                ],
                Success::Redirect("http://a/?b=1".into()),
            ),
        ] {
            assert_eq!(form(fields).success().unwrap(), wanted);
        }
        for bad in [
            "a/b",
            "javascript:alert(1)",
            "ftp://a/",
            "http://a/\u{e9}",
            "http://a b",
        ] {
            assert!(
                form(&[("success_action_redirect", bad)]).success().is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn the_redirect_names_the_object() {
        let tail = "bucket=b&key=a%26%2F%E4%B8%AD&etag=%22E%22";
        for (url, wanted) in [
            ("http://a/x", format!("http://a/x?{tail}")),
            ("http://a/x?y=1", format!("http://a/x?y=1&{tail}")),
            ("http://a/x#top", format!("http://a/x?{tail}#top")),
        ] {
            assert_eq!(
                FormFields::redirect_address(url, "b", "a&/中".as_bytes(), "E"),
                wanted
            );
        }
    }
}
