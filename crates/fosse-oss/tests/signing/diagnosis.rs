//! What happened to a request on its way, found out again.

use fosse_oss::sign::{
    Alternatives, Cause, Client, Credentials, Description, Diagnosis, KeyState, Keys, RequestParts,
    Rule, Scheme, SignOptions, SignRequest, VerifyContext, advice, diagnose, presign_query,
};

const NOW: i64 = 1_705_307_445;

struct OneKey;

impl Keys for OneKey {
    fn lookup(&self, id: &str, token: Option<&str>) -> KeyState {
        match (id, token) {
            ("AK", None) | ("STS.1", Some("to+k/en=")) => KeyState::Active {
                secret: "SECRET".into(),
                expires_at: (id != "AK").then_some(NOW + 1000),
            },
            ("off", _) => KeyState::Disabled,
            (_, Some(_)) => KeyState::TokenInvalid,
            _ => KeyState::Unknown,
        }
    }
}

/// A signed request, before it is sent.
#[derive(Clone)]
struct Signed {
    scheme: Scheme,
    id: &'static str,
    method: &'static str,
    key: &'static str,
    query: Vec<(&'static str, &'static str)>,
    headers: Vec<(&'static str, &'static [u8])>,
    additional: Vec<&'static str>,
}

fn signed(scheme: Scheme) -> Signed {
    Signed {
        scheme,
        id: "AK",
        method: "GET",
        key: "dir/a b.txt",
        query: vec![("response-content-type", "text/plain")],
        headers: vec![("host", b"b.example.test")],
        additional: vec![],
    }
}

impl Signed {
    fn url(&self) -> String {
        let request = SignRequest {
            method: self.method,
            bucket: Some("b"),
            key: self.key.as_bytes(),
            query: &self.query,
            headers: &self.headers,
            additional_headers: &self.additional,
        };
        let credentials = Credentials {
            access_key_id: self.id.into(),
            access_key_secret: "SECRET".into(),
            security_token: self.id.starts_with("STS").then(|| "to+k/en=".into()),
        };
        let options = SignOptions {
            scheme: self.scheme,
            now: NOW,
            region: "cn-hangzhou",
            product: "oss",
        };
        presign_query(&request, &credentials, &options, 600, None).unwrap()
    }
}

struct Sent<'a> {
    method: &'a str,
    bucket: Option<&'a str>,
    key: &'a str,
    query: &'a str,
    headers: &'a [(&'a str, &'a [u8])],
    now: i64,
}

impl Default for Sent<'_> {
    fn default() -> Self {
        Self {
            method: "GET",
            bucket: Some("b"),
            key: "dir/a b.txt",
            query: "",
            headers: &[("host", b"b.example.test")],
            now: NOW + 10,
        }
    }
}

fn found(sent: Sent<'_>) -> Diagnosis {
    let parts = RequestParts {
        method: sent.method,
        bucket: sent.bucket,
        key: sent.key.as_bytes(),
        query: sent.query,
        headers: sent.headers,
    };
    let regions = ["cn-hangzhou".to_owned()];
    let context = VerifyContext {
        now: sent.now,
        regions: &regions,
        product: "oss",
    };
    let (buckets, hosts) = (
        ["a".to_owned(), "b".to_owned()],
        ["b.example.test".to_owned()],
    );
    let alternatives = Alternatives {
        buckets: &buckets,
        hosts: &hosts,
    };
    diagnose(&parts, &context, &Client::default(), &OneKey, alternatives).unwrap_err()
}

const BOTH: [Scheme; 2] = [Scheme::V1, Scheme::V4];

#[test]
fn the_usual_accidents_are_recognised() {
    for scheme in BOTH {
        let good = signed(scheme);
        let url = good.url();
        let query = |query: &str| {
            found(Sent {
                query,
                ..Sent::default()
            })
            .cause
        };
        let at = |method: &str, bucket: Option<&str>, key: &str| {
            found(Sent {
                method,
                bucket,
                key,
                query: &url,
                ..Sent::default()
            })
        };
        let cause = |method: &str, bucket, key: &str| at(method, bucket, key).cause;

        // HEAD on a link for GET.
        let head = at("HEAD", Some("b"), "dir/a b.txt");
        assert_eq!(head.cause, Some(Cause::Method("GET".into())));
        let difference = head.difference.unwrap();
        assert_eq!(
            (
                difference.line,
                difference.signed.as_str(),
                difference.received.as_str()
            ),
            (1, "GET", "HEAD")
        );

        // A path that was escaped again, unescaped too often, or rewritten.
        assert_eq!(
            cause("GET", Some("b"), "dir/a%20b.txt"),
            Some(Cause::PathEscapes)
        );
        assert_eq!(
            cause("GET", Some("b"), "dir/a+b.txt"),
            Some(Cause::PathEscapes)
        );
        let prefixed = at("GET", Some("b"), "oss/dir/a b.txt");
        assert_eq!(prefixed.cause, Some(Cause::Path("dir/a b.txt".into())));
        assert!(
            prefixed
                .difference
                .unwrap()
                .received
                .contains("/b/oss/dir/a")
        );
        assert_eq!(
            cause("GET", Some("b"), "dir/a b.txt/"),
            Some(Cause::Path("dir/a b.txt".into()))
        );
        assert_eq!(
            cause("GET", Some("b"), "/dir/a b.txt"),
            Some(Cause::Path("dir/a b.txt".into()))
        );
        assert_eq!(
            cause("GET", Some("b"), "b/dir/a b.txt"),
            Some(Cause::Path("dir/a b.txt".into()))
        );

        // A host name that leads elsewhere.
        assert_eq!(
            cause("GET", Some("a"), "dir/a b.txt"),
            Some(Cause::Bucket(Some("b".into())))
        );
        assert_eq!(
            cause("GET", Some("dir"), "a b.txt"),
            Some(Cause::Bucket(Some("b".into())))
        );

        // Parameters.
        assert_eq!(
            query(&format!("{url}&x-oss-process=x")),
            Some(Cause::AddedParameter("x-oss-process".into()))
        );
        if scheme == Scheme::V4 {
            assert_eq!(
                query(&format!("{url}&utm_source=mail")),
                Some(Cause::AddedParameter("utm_source".into()))
            );
        }
        let dropped = url.replace("response-content-type=text%2Fplain", "");
        assert_ne!(dropped, url);
        assert_eq!(query(&dropped), Some(Cause::Unknown));
        let twice = url.replace('%', "%25");
        assert_eq!(query(&twice), Some(Cause::QueryEscapes));
        let cut = &url[..url.len() - 3];
        match scheme {
            Scheme::V1 => assert!(
                matches!(
                    query(cut),
                    Some(Cause::SignatureText(_)) | Some(Cause::Unknown)
                ),
                "{cut}"
            ),
            Scheme::V4 => assert!(matches!(query(cut), Some(Cause::SignatureText(_)))),
        }

        // Headers.
        let with = |headers: &[(&str, &[u8])]| {
            found(Sent {
                query: &url,
                headers,
                ..Sent::default()
            })
            .cause
        };
        let typed: &[(&str, &[u8])] = &[("host", b"h"), ("Content-Type", b"image/png")];
        assert_eq!(with(typed), Some(Cause::AddedHeader("content-type".into())));
        let behaviour: &[(&str, &[u8])] = &[("host", b"h"), ("x-oss-range-behavior", b"standard")];
        assert_eq!(
            with(behaviour),
            Some(Cause::AddedHeader("x-oss-range-behavior".into()))
        );
        let upload = Signed {
            headers: vec![("content-type", b"text/plain")],
            ..good.clone()
        }
        .url();
        let bare = found(Sent {
            query: &upload,
            ..Sent::default()
        });
        assert_eq!(
            bare.cause,
            Some(Cause::MissingHeader("content-type: text/plain".into()))
        );
        assert_eq!(bare.difference.unwrap().received, "");
    }
}

#[test]
fn a_plus_that_became_a_space() {
    for scheme in BOTH {
        let good = Signed {
            query: vec![("response-content-disposition", "a+b")],
            ..signed(scheme)
        };
        let url = good.url();
        let plus = url.replace("a%2Bb", "a+b");
        assert_ne!(plus, url);
        let diagnosis = found(Sent {
            query: &plus,
            ..Sent::default()
        });
        assert_eq!(diagnosis.cause, Some(Cause::UnescapedPlus));
        assert!(diagnosis.difference.is_some());
        let space = url.replace("a%2Bb", "a%20b");
        assert_eq!(
            found(Sent {
                query: &space,
                ..Sent::default()
            })
            .cause,
            Some(Cause::UnescapedPlus)
        );
        // In the token, where it makes the token unreadable.
        let temporary = Signed {
            id: "STS.1",
            ..signed(scheme)
        }
        .url();
        let plus = temporary.replace("to%2Bk", "to+k");
        assert_ne!(plus, temporary);
        let diagnosis = found(Sent {
            query: &plus,
            ..Sent::default()
        });
        assert_eq!(diagnosis.refusal.rule(), Rule::TokenInvalid);
        assert_eq!(diagnosis.cause, Some(Cause::UnescapedPlus));
    }
}

#[test]
fn what_v4_says_itself() {
    let host = Signed {
        additional: vec!["host"],
        ..signed(Scheme::V4)
    }
    .url();
    let headers: &[(&str, &[u8])] = &[("host", b"internal:8080")];
    let diagnosis = found(Sent {
        query: &host,
        headers,
        ..Sent::default()
    });
    assert_eq!(diagnosis.cause, Some(Cause::Host("b.example.test".into())));
    let difference = diagnosis.difference.unwrap();
    assert_eq!(
        (difference.signed.as_str(), difference.received.as_str()),
        ("host:b.example.test", "host:internal:8080")
    );
    let range = Signed {
        additional: vec!["range"],
        headers: vec![("range", b"bytes=0-1")],
        ..signed(Scheme::V4)
    };
    let diagnosis = found(Sent {
        query: &range.url(),
        ..Sent::default()
    });
    assert_eq!(diagnosis.cause, Some(Cause::MissingHeader("range".into())));
    let url = signed(Scheme::V4).url();
    let (start, signature) = url.split_once("x-oss-signature=").unwrap();
    let large = format!("{start}x-oss-signature={}", signature.to_ascii_uppercase());
    assert!(matches!(
        found(Sent {
            query: &large,
            ..Sent::default()
        })
        .cause,
        Some(Cause::SignatureText(_))
    ));
}

#[test]
fn refusals_that_say_it_all() {
    for scheme in BOTH {
        let url = signed(scheme).url();
        let late = found(Sent {
            query: &url,
            now: NOW + 601,
            ..Sent::default()
        });
        assert_eq!(
            (late.refusal.rule(), late.cause.as_ref()),
            (Rule::Expired, None)
        );
        assert!(advice(&late.refusal).unwrap().contains("ended"));
        let temporary = Signed {
            id: "STS.1",
            ..signed(scheme)
        }
        .url();
        let late = found(Sent {
            query: &temporary,
            now: NOW + 1001,
            ..Sent::default()
        });
        assert_eq!(late.refusal.rule(), Rule::TokenExpired);
        assert!(advice(&late.refusal).unwrap().contains("temporary"));
        for (id, text) in [("none", "no such"), ("off", "disabled")] {
            let url = Signed {
                id,
                ..signed(scheme)
            }
            .url();
            let diagnosis = found(Sent {
                query: &url,
                ..Sent::default()
            });
            assert!(advice(&diagnosis.refusal).unwrap().contains(text));
        }
    }
    let region = signed(Scheme::V4)
        .url()
        .replace("cn-hangzhou", "cn-beijing");
    let diagnosis = found(Sent {
        query: &region,
        ..Sent::default()
    });
    assert_eq!(diagnosis.refusal.rule(), Rule::Region);
    assert!(advice(&diagnosis.refusal).unwrap().contains("region"));
    let early = signed(Scheme::V4).url();
    let diagnosis = found(Sent {
        query: &early,
        now: NOW - 901,
        ..Sent::default()
    });
    assert_eq!(diagnosis.refusal.rule(), Rule::NotYetValid);
}

#[test]
fn requests_describe_themselves() {
    for scheme in BOTH {
        let url = Signed {
            query: vec![
                ("response-content-type", "text/plain"),
                ("x-oss-traffic-limit", "819200"),
                ("max-keys", "3"),
            ],
            ..signed(scheme)
        }
        .url();
        let parts = RequestParts {
            method: "GET",
            bucket: Some("b"),
            key: b"k",
            query: &url,
            headers: &[("content-type", b"a/b"), ("range", b"bytes=0-1")],
        };
        let told = Description::of(&parts);
        assert_eq!(told.scheme, Some(scheme));
        assert_eq!(told.access_key_id.as_deref(), Some("AK"));
        assert_eq!(told.ends, Some(NOW + 600));
        assert_eq!(told.signed_at, (scheme == Scheme::V4).then_some(NOW));
        assert_eq!(
            told.region.as_deref(),
            (scheme == Scheme::V4).then_some("cn-hangzhou")
        );
        assert_eq!(told.signed_headers, ["content-type"]);
        let names: Vec<&str> = told
            .signed_parameters
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert!(names.contains(&"response-content-type") && names.contains(&"x-oss-traffic-limit"));
        assert_eq!(
            told.free_parameters.len(),
            usize::from(scheme == Scheme::V1)
        );
    }
    let nothing = RequestParts {
        method: "GET",
        bucket: None,
        key: b"",
        query: "a=b",
        headers: &[],
    };
    assert_eq!(Description::of(&nothing).scheme, None);
}
