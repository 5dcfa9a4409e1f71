//! Gzip on the fly (api-objects.md §2): texts of some size, for clients that ask for it.

use crate::object_pieces::ObjectPieces;
use crate::request::Call;
use crate::respond::{BodyError, Content};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use fosse_store::{BodyReader, Object};
use http::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, RANGE,
    VARY,
};
use http::{HeaderMap, HeaderValue, Version};
use std::io::Write as _;
use tokio::sync::mpsc::{Sender, channel};

/// Smallest object that is compressed.
const LEAST: u64 = 1024;
/// Compressed bytes that are gathered before they are sent.
const GATHER: usize = 32 * 1024;
/// Pieces on their way to the client.
const AHEAD: usize = 4;
/// Media types that are compressed.
const TYPES: [&str; 9] = [
    "text/cache-manifest",
    "text/xml",
    "text/plain",
    "text/css",
    "application/javascript",
    "application/x-javascript",
    "application/rss+xml",
    "application/json",
    "text/json",
];

/// Whether the whole of an object, with these headers of the answer, goes out compressed.
pub(crate) fn applies(call: &Call, object: &Object, headers: &HeaderMap) -> bool {
    let Some(accepted) = call.known_header(ACCEPT_ENCODING) else {
        return false;
    };
    object.size >= LEAST
        && accepts_gzip(&accepted)
        && !call.headers.contains_key(RANGE)
        // An older client does not know chunks.
        && call.version >= Version::HTTP_11
        && !headers.contains_key(CONTENT_ENCODING)
        && headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(is_compressed_type)
}

fn is_compressed_type(content_type: &str) -> bool {
    let media = content_type.split(';').next().unwrap_or_default().trim();
    TYPES.iter().any(|known| media.eq_ignore_ascii_case(known))
}

/// RFC 9110 §12.5.3: `gzip` by name or by `*`, unless its weight is zero.
fn accepts_gzip(accepted: &str) -> bool {
    let weight = |parameters: &str| {
        let weight = parameters.split(';').find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim()
                .eq_ignore_ascii_case("q")
                .then(|| value.trim().parse::<f32>())
        });
        !matches!(weight, Some(Ok(weight)) if weight <= 0.0)
    };
    let mut any = false;
    for coding in accepted.split(',') {
        let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
        let name = name.trim();
        if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
            return weight(parameters);
        }
        if name == "*" {
            any = weight(parameters);
        }
    }
    any
}

/// The headers of a compressed answer: of unknown length, and another representation than the ETag names.
pub(crate) fn tell(headers: &mut HeaderMap) {
    for name in [ETAG, CONTENT_LENGTH, ACCEPT_RANGES] {
        headers.remove(name);
    }
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
}

/// The compressed bytes of an object.
pub(crate) fn compressed(reader: BodyReader) -> Content {
    let (sender, receiver) = channel(AHEAD);
    tokio::spawn(async move {
        if let Err(error) = compress(ObjectPieces::new(Some(reader)), &sender).await {
            let _ = sender.send(Err(error)).await;
        }
    });
    Content::Stream(receiver)
}

async fn compress(
    mut pieces: ObjectPieces,
    sender: &Sender<Result<Bytes, BodyError>>,
) -> Result<(), BodyError> {
    let failed = |error: std::io::Error| BodyError::Made(error.to_string());
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    while let Some(piece) = pieces.next().await? {
        encoder.write_all(&piece).map_err(failed)?;
        if encoder.get_ref().len() >= GATHER {
            let out = std::mem::take(encoder.get_mut());
            if sender.send(Ok(out.into())).await.is_err() {
                return Ok(());
            }
        }
    }
    let out = encoder.finish().map_err(failed)?;
    let _ = sender.send(Ok(out.into())).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_accepted_by_name_or_star() {
        for (accepted, wanted) in [
            ("gzip", true),
            ("deflate, GZIP;q=0.5", true),
            ("*", true),
            ("*;q=0.1, identity", true),
            ("gzip;q=0", false),
            ("gzip; q=0.0, *", false),
            ("br, deflate", false),
            ("identity", false),
            ("", false),
        ] {
            assert_eq!(accepts_gzip(accepted), wanted, "{accepted}");
        }
        assert!(is_compressed_type("Text/Plain; charset=utf-8"));
        assert!(!is_compressed_type("text/html") && !is_compressed_type("image/png"));
    }
}
