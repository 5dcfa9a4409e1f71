//! User metadata, `x-oss-meta-*` (api-objects.md §0.8).

use crate::{ErrorCode, OssError};

/// What names of user metadata begin with, lower-case.
pub const META_PREFIX: &str = "x-oss-meta-";
/// Most bytes of names (without the prefix) and values together.
pub const META_LIMIT: usize = 8 * 1024;

/// Picks the user metadata out of request headers: lower-case names without the prefix, value bytes as sent, in order.
///
/// Errors: 400 `InvalidArgument` for a name with anything but letters, digits and `-`; 400 `MetaTooLarge` above
/// [`META_LIMIT`].
pub fn user_meta<'h>(
    headers: impl IntoIterator<Item = (&'h str, &'h [u8])>,
) -> Result<Vec<(String, Vec<u8>)>, OssError> {
    let mut meta = Vec::new();
    let mut total = 0usize;
    for (name, value) in headers {
        let name = name.to_ascii_lowercase();
        let Some(short) = name.strip_prefix(META_PREFIX) else {
            continue;
        };
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if short.is_empty() || !short.bytes().all(allowed) {
            let message = "The name of user metadata may hold letters, digits and hyphens.";
            return Err(OssError::invalid_argument(&name, "", message));
        }
        total = total
            .saturating_add(short.len())
            .saturating_add(value.len());
        if total > META_LIMIT {
            return Err(ErrorCode::MetaTooLarge.into());
        }
        meta.push((short.to_owned(), value.to_vec()));
    }
    Ok(meta)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_and_values_are_bytes() {
        let headers: [(&str, &[u8]); 4] = [
            ("X-Oss-Meta-Author", b"J\xc3\xbcrgen"),
            ("content-type", b"text/plain"),
            ("x-oss-meta-a-1", b""),
            ("x-oss-metadata-directive", b"COPY"),
        ];
        assert_eq!(
            user_meta(headers).unwrap(),
            [
                ("author".to_owned(), b"J\xc3\xbcrgen".to_vec()),
                ("a-1".to_owned(), vec![])
            ]
        );
    }

    #[test]
    fn the_limit_is_8_kib() {
        let fits = vec![b'v'; META_LIMIT - 1];
        assert_eq!(
            user_meta([("x-oss-meta-a", fits.as_slice())])
                .unwrap()
                .len(),
            1
        );
        let over: [(&str, &[u8]); 2] = [("x-oss-meta-a", &fits), ("x-oss-meta-b", b"")];
        assert_eq!(user_meta(over).unwrap_err().code(), ErrorCode::MetaTooLarge);
    }

    #[test]
    fn odd_names_are_refused() {
        for name in [
            "x-oss-meta-",
            "x-oss-meta-a_b",
            "x-oss-meta-a.b",
            "x-oss-meta-é",
        ] {
            let error = user_meta([(name, b"v".as_slice())]).unwrap_err();
            assert_eq!(
                (error.code(), error.status()),
                (ErrorCode::InvalidArgument, 400),
                "{name}"
            );
        }
    }
}
