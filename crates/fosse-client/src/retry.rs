//! Which failures are worth another try, and after how long.

use std::time::Duration;

use crate::error::Error;

/// Tries for a server that cannot be reached at all: waiting longer seldom helps, and a person is waiting.
const UNREACHABLE_TRIES: u32 = 2;
const BASE: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(20);

/// How long to wait before another try; `None` when there shall be none. `tries`: retries so far; `most`: the limit
/// that the user set; `repeatable`: doing the operation twice is the same as doing it once.
pub(crate) fn delay(error: &Error, repeatable: bool, tries: u32, most: u32) -> Option<Duration> {
    let most = match error {
        // Nothing was sent: safe for every operation.
        Error::Connect { .. } => most.min(UNREACHABLE_TRIES),
        Error::Broken { .. } | Error::Timeout { .. } if repeatable => most,
        Error::Service(error) if repeatable => match (error.status, error.code.as_str()) {
            (501, _) => 0,
            (500..=599 | 408 | 429, _) | (_, "RequestTimeout") => most,
            _ => 0,
        },
        _ => 0,
    };
    if tries >= most {
        return None;
    }
    let doubled = BASE.saturating_mul(1 << tries.min(10)).min(LONGEST);
    // Spread over the upper half, so that clients that failed together do not come back together.
    let spread = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| u64::from(since.subsec_nanos()) % 500);
    Some(doubled / 2 + doubled.mul_f64(spread as f64 / 1000.0))
}

#[cfg(test)]
mod tests {
    use super::delay;
    use crate::error::{Error, ServiceError};

    fn service(status: u16, code: &str) -> Error {
        Error::Service(Box::new(ServiceError {
            operation: "GetObject",
            status,
            code: code.to_owned(),
            message: String::new(),
            request_id: String::new(),
            ec: String::new(),
            server_date: String::new(),
            endpoint: String::new(),
            key: None,
            clock_offset: None,
        }))
    }

    #[test]
    fn what_is_tried_again() {
        assert!(delay(&service(503, "ServiceUnavailable"), true, 0, 10).is_some());
        assert!(delay(&service(503, "ServiceUnavailable"), false, 0, 10).is_none());
        assert!(delay(&service(503, "ServiceUnavailable"), true, 10, 10).is_none());
        assert!(delay(&service(404, "NoSuchKey"), true, 0, 10).is_none());
        assert!(delay(&service(501, "NotImplemented"), true, 0, 10).is_none());
        let refused = Error::Connect {
            endpoint: String::new(),
            reason: String::new(),
        };
        assert!(delay(&refused, false, 1, 10).is_some());
        assert!(delay(&refused, false, 2, 10).is_none());
        assert!(delay(&refused, true, 0, 0).is_none());
        let broken = Error::Broken {
            endpoint: String::new(),
            reason: String::new(),
        };
        assert!(delay(&broken, false, 0, 10).is_none());
        let (first, sixth) = (
            delay(&broken, true, 0, 10).unwrap(),
            delay(&broken, true, 5, 10).unwrap(),
        );
        assert!(
            first.as_millis() >= 100 && first.as_millis() <= 200,
            "{first:?}"
        );
        assert!(
            sixth.as_millis() >= 3200 && sixth.as_millis() <= 6400,
            "{sixth:?}"
        );
    }
}
