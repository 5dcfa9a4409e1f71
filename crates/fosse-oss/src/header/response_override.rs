//! `response-*` query parameters: headers of the answer that the signer of a URL chooses (api-objects.md §2).

use crate::op::Query;
use crate::{ErrorCode, OssError};

/// A header that replaces the stored one in a 200 or 206 answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseOverride {
    /// Lower-case header name.
    pub header: &'static str,
    /// Value; holds no control character.
    pub value: String,
}

const PARAMETERS: [(&str, &str); 6] = [
    ("response-content-type", "content-type"),
    ("response-content-language", "content-language"),
    ("response-expires", "expires"),
    ("response-cache-control", "cache-control"),
    ("response-content-disposition", "content-disposition"),
    ("response-content-encoding", "content-encoding"),
];

/// The overrides of a request; an empty value overrides nothing. `anonymous`: the request carries no signature.
///
/// Errors: 400 `InvalidRequest` when an anonymous request has any; 400 `InvalidArgument` for a control character, so
/// that a value can never start another header.
pub fn response_overrides(
    query: &Query,
    anonymous: bool,
) -> Result<Vec<ResponseOverride>, OssError> {
    let mut overrides = Vec::new();
    for (parameter, header) in PARAMETERS {
        let Some(value) = query.get(parameter).filter(|value| !value.is_empty()) else {
            continue;
        };
        if anonymous {
            return Err(OssError::new(ErrorCode::InvalidRequest).with_message(
                "Request specific response headers cannot be used for anonymous GET requests.",
            ));
        }
        if value.chars().any(|c| c.is_control() && c != '\t') {
            let message = format!("The {parameter} must not hold control characters.");
            return Err(OssError::invalid_argument(parameter, value, message));
        }
        overrides.push(ResponseOverride {
            header,
            value: value.to_owned(),
        });
    }
    Ok(overrides)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_reach_their_header() {
        let query = Query::parse(
            "response-content-type=text%2Fplain&response-cache-control=&\
             response-content-disposition=attachment%3B%20filename%3D%22%E4%B8%AD.txt%22&x=y",
        )
        .unwrap();
        let overrides = response_overrides(&query, false).unwrap();
        assert_eq!(
            overrides,
            [
                ResponseOverride {
                    header: "content-type",
                    value: "text/plain".into()
                },
                ResponseOverride {
                    header: "content-disposition",
                    value: "attachment; filename=\"中.txt\"".into()
                },
            ]
        );
    }

    #[test]
    fn anonymous_requests_may_not_use_them() {
        let query = Query::parse("response-content-type=text%2Fhtml").unwrap();
        let error = response_overrides(&query, true).unwrap_err();
        assert_eq!(
            (error.code(), error.status()),
            (ErrorCode::InvalidRequest, 400)
        );
        assert_eq!(response_overrides(&Query::default(), true).unwrap(), []);
    }

    #[test]
    fn no_value_can_start_another_header() {
        for bad in ["a%0D%0Ax:%20y", "a%0Ab", "a%0D", "%00", "%7F", "%C2%85"] {
            let query = Query::parse(&format!("response-content-type={bad}")).unwrap();
            let error = response_overrides(&query, false).unwrap_err();
            assert_eq!(
                (error.code(), error.status()),
                (ErrorCode::InvalidArgument, 400),
                "{bad}"
            );
        }
    }
}
