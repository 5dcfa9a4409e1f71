//! The table of access-control.md §8.1, for both schemes, in URL and header: limits to addresses and VPCs.

use fosse_oss::sign::{
    Client, Credentials, KeyState, Keys, Refusal, RequestParts, Rule, Scheme, SignOptions,
    SignRequest, Verified, VerifyContext, presign_query, sign_header, verify, verify_from,
};
use std::net::IpAddr;

const NOW: i64 = 1_705_307_445;

struct OneKey;

impl Keys for OneKey {
    fn lookup(&self, _id: &str, _token: Option<&str>) -> KeyState {
        KeyState::Active {
            secret: "SECRET".into(),
            expires_at: None,
        }
    }
}

fn credentials() -> Credentials {
    Credentials {
        access_key_id: "AK".into(),
        access_key_secret: "SECRET".into(),
        security_token: None,
    }
}

fn options(scheme: Scheme) -> SignOptions<'static> {
    SignOptions {
        scheme,
        now: NOW,
        region: "cn-hangzhou",
        product: "oss",
    }
}

fn request<'a>(query: &'a [(&'a str, &'a str)]) -> SignRequest<'a> {
    SignRequest {
        method: "GET",
        bucket: Some("b"),
        key: b"k",
        query,
        headers: &[],
        additional_headers: &[],
    }
}

fn presign(scheme: Scheme, query: &[(&str, &str)]) -> String {
    presign_query(&request(query), &credentials(), &options(scheme), 600, None).unwrap()
}

fn check(
    query: &str,
    headers: &[(&str, &[u8])],
    client: &Client<'_>,
) -> Result<Verified, Box<Refusal>> {
    let parts = RequestParts {
        method: "GET",
        bucket: Some("b"),
        key: b"k",
        query,
        headers,
    };
    let context = VerifyContext {
        now: NOW,
        regions: &[],
        product: "oss",
    };
    verify_from(&parts, &context, client, &OneKey)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn at(address: &str) -> Client<'static> {
    Client {
        address: Some(ip(address)),
        ..Client::default()
    }
}

const BOTH: [Scheme; 2] = [Scheme::V1, Scheme::V4];

fn mismatch(scheme: Scheme, result: Result<Verified, Box<Refusal>>, case: &str) {
    let refusal = result.expect_err(case);
    assert_eq!(refusal.rule(), Rule::Signature, "{case}");
    assert!(refusal.is_limited_to_addresses(), "{case}");
    let error = refusal.to_error();
    let ec = if scheme == Scheme::V4 {
        "0002-00000225"
    } else {
        "0002-00000040"
    };
    assert_eq!(
        (error.code().as_str(), error.status(), error.ec()),
        ("SignatureDoesNotMatch", 403, Some(ec)),
        "{case}"
    );
}

#[test]
fn the_address_of_the_client_is_part_of_the_signature() {
    for scheme in BOTH {
        for (source, mask, client, accepted) in [
            ("192.0.2.7", "32", "192.0.2.7", true),
            ("192.0.2.7", "32", "192.0.2.8", false),
            ("192.0.2.0", "24", "192.0.2.7", true),
            ("192.0.2.0", "24", "192.0.2.255", true),
            ("192.0.2.0", "24", "192.0.3.7", false),
            // The network must be signed, not an address in it.
            ("192.0.2.7", "24", "192.0.2.7", false),
            ("0.0.0.0", "0", "203.0.113.9", true),
            ("192.0.2.0", "24", "::ffff:192.0.2.7", true),
            ("2001:db8::", "32", "2001:db8:1::7", true),
            ("2001:db8::", "32", "2001:db9:1::7", false),
            ("2001:db8::7", "128", "2001:db8::7", true),
            ("2001:db8::", "32", "192.0.2.7", false),
            ("192.0.2.0", "24", "2001:db8::7", false),
        ] {
            let query = presign(
                scheme,
                &[
                    ("x-oss-ac-source-ip", source),
                    ("x-oss-ac-subnet-mask", mask),
                ],
            );
            let case = format!("{scheme:?} {source}/{mask} from {client}");
            let result = check(&query, &[], &at(client));
            if accepted {
                assert!(result.is_ok(), "{case}");
            } else {
                mismatch(scheme, result, &case);
            }
        }
    }
}

#[test]
fn what_the_request_says_about_its_source_counts_for_nothing() {
    for scheme in BOTH {
        let query = presign(
            scheme,
            &[
                ("x-oss-ac-source-ip", "192.0.2.0"),
                ("x-oss-ac-subnet-mask", "24"),
            ],
        );
        let home = at("192.0.2.9");
        // As the documentation shows such requests: without the address.
        let silent = query.replace("x-oss-ac-source-ip=192.0.2.0", "");
        assert_ne!(silent, query);
        assert!(check(&silent, &[], &home).is_ok(), "{scheme:?}");
        let lied = query.replace("192.0.2.0", "203.0.113.0");
        assert!(check(&lied, &[], &home).is_ok(), "{scheme:?}");
        mismatch(
            scheme,
            check(&lied, &[], &at("203.0.113.5")),
            "another source",
        );
        for wider in ["16", "0", "32", "25", "23"] {
            let query = query.replace("subnet-mask=24", &format!("subnet-mask={wider}"));
            mismatch(scheme, check(&query, &[], &home), wider);
        }
        let dropped = query.replace("x-oss-ac-subnet-mask=24", "");
        mismatch(scheme, check(&dropped, &[], &home), "dropped mask");
        let neither = silent.replace("x-oss-ac-subnet-mask=24", "");
        let refusal = check(&neither, &[], &home).unwrap_err();
        assert_eq!(refusal.rule(), Rule::Signature);
        // Nobody knows where it came from.
        mismatch(scheme, check(&query, &[], &Client::default()), "no client");
        let parts = RequestParts {
            method: "GET",
            bucket: Some("b"),
            key: b"k",
            query: &query,
            headers: &[],
        };
        let context = VerifyContext {
            now: NOW,
            regions: &[],
            product: "oss",
        };
        mismatch(scheme, verify(&parts, &context, &OneKey), "verify");
    }
}

#[test]
fn without_a_mask_the_whole_address_counts() {
    for scheme in BOTH {
        let query = presign(scheme, &[("x-oss-ac-source-ip", "192.0.2.7")]);
        assert!(check(&query, &[], &at("192.0.2.7")).is_ok());
        mismatch(scheme, check(&query, &[], &at("192.0.2.8")), "neighbour");
    }
}

#[test]
fn masks_that_are_none() {
    for scheme in BOTH {
        for (source, mask) in [
            ("192.0.2.0", "33"),
            ("192.0.2.0", "-1"),
            ("192.0.2.0", "+8"),
            ("192.0.2.0", "x"),
            ("192.0.2.0", ""),
            ("192.0.2.0", "0024"),
            ("2001:db8::", "129"),
            ("", "33"),
        ] {
            let query = presign(
                scheme,
                &[
                    ("x-oss-ac-source-ip", source),
                    ("x-oss-ac-subnet-mask", mask),
                ],
            );
            let error = check(&query, &[], &at("192.0.2.7")).unwrap_err().to_error();
            assert_eq!(
                (error.code().as_str(), error.status(), error.ec()),
                ("InvalidArgument", 400, Some("0002-00000601")),
                "{source}/{mask}"
            );
        }
    }
}

#[test]
fn forwarded_addresses_count_only_where_the_url_says_so() {
    for scheme in BOTH {
        for (allow, vouched, accepted) in [
            (None, true, false),
            (Some("false"), true, false),
            (Some("true"), true, true),
            // From a stranger: the server hands no forwarded address over.
            (Some("true"), false, false),
        ] {
            let mut pairs = vec![
                ("x-oss-ac-source-ip", "192.0.2.0"),
                ("x-oss-ac-subnet-mask", "24"),
            ];
            pairs.extend(allow.map(|allow| ("x-oss-ac-forward-allow", allow)));
            let query = presign(scheme, &pairs);
            let forwarded: &[IpAddr] = if vouched { &[ip("192.0.2.7")] } else { &[] };
            let client = Client {
                address: Some(ip("10.0.0.1")),
                forwarded,
                vpc: None,
            };
            let case = format!("{scheme:?} {allow:?} {vouched}");
            let result = check(&query, &[], &client);
            if accepted {
                assert!(result.is_ok(), "{case}");
            } else {
                mismatch(scheme, result, &case);
            }
        }
        // The parameter is signed as well.
        let query = presign(
            scheme,
            &[
                ("x-oss-ac-source-ip", "192.0.2.0"),
                ("x-oss-ac-subnet-mask", "24"),
                ("x-oss-ac-forward-allow", "false"),
            ],
        );
        let query = query.replace("forward-allow=false", "forward-allow=true");
        let client = Client {
            address: Some(ip("10.0.0.1")),
            forwarded: &[ip("192.0.2.7")],
            vpc: None,
        };
        mismatch(
            scheme,
            check(&query, &[], &client),
            "forward-allow tampered",
        );
    }
}

#[test]
fn vpcs() {
    for scheme in BOTH {
        let query = presign(scheme, &[("x-oss-ac-vpc-id", "vpc-1")]);
        let from = |vpc| Client {
            address: Some(ip("10.0.0.1")),
            forwarded: &[],
            vpc,
        };
        assert!(check(&query, &[], &from(Some("vpc-1"))).is_ok());
        for vpc in [None, Some("vpc-2"), Some("VPC-1")] {
            let refusal = check(&query, &[], &from(vpc)).unwrap_err();
            assert_eq!(refusal.rule(), Rule::Vpc, "{vpc:?}");
            assert_eq!(refusal.to_error().status(), 403);
        }
        let other = query.replace("vpc-1", "vpc-2");
        let refusal = check(&other, &[], &from(Some("vpc-2"))).unwrap_err();
        assert_eq!(refusal.rule(), Rule::Signature);
        // Address and mask count as well when they are there.
        let query = presign(
            scheme,
            &[
                ("x-oss-ac-source-ip", "10.0.0.0"),
                ("x-oss-ac-subnet-mask", "8"),
                ("x-oss-ac-vpc-id", "vpc-1"),
            ],
        );
        assert!(check(&query, &[], &from(Some("vpc-1"))).is_ok());
        let outside = Client {
            address: Some(ip("11.0.0.1")),
            ..from(Some("vpc-1"))
        };
        mismatch(scheme, check(&query, &[], &outside), "outside the mask");
    }
}

#[test]
fn limits_hold_for_requests_signed_in_the_header() {
    for scheme in BOTH {
        let pairs = [
            ("x-oss-ac-source-ip", "192.0.2.0"),
            ("x-oss-ac-subnet-mask", "24"),
        ];
        let signed = sign_header(&request(&pairs), &credentials(), &options(scheme)).unwrap();
        let headers: Vec<(&str, &[u8])> = signed
            .iter()
            .map(|(name, value)| (&**name, value.as_bytes()))
            .collect();
        let query = "x-oss-ac-source-ip=192.0.2.0&x-oss-ac-subnet-mask=24";
        assert!(check(query, &headers, &at("192.0.2.7")).is_ok());
        mismatch(scheme, check(query, &headers, &at("192.0.3.7")), "header");
    }
}

#[test]
fn a_limit_may_occur_once() {
    for scheme in BOTH {
        for name in [
            "x-oss-ac-source-ip=1.2.3.4",
            "x-oss-ac-subnet-mask=0",
            "x-oss-ac-vpc-id=vpc-1",
            "x-oss-ac-forward-allow=true",
        ] {
            let query = presign(
                scheme,
                &[
                    ("x-oss-ac-source-ip", "192.0.2.0"),
                    ("x-oss-ac-subnet-mask", "24"),
                    ("x-oss-ac-vpc-id", "vpc-1"),
                    ("x-oss-ac-forward-allow", "false"),
                ],
            );
            let doubled = format!("{query}&{name}");
            let refusal = check(&doubled, &[], &at("192.0.2.7")).unwrap_err();
            assert_eq!(refusal.rule(), Rule::DoubledParameter, "{name}");
        }
    }
}
