//! PostObject forms: vectors, refusals, mutations.

use crate::vector::{Vector, VectorKeys, all};
use fosse_oss::sign::{
    Carrier, Credentials, FormPolicy, FormVerified, Refusal, Rule, Scheme, SignOptions,
    VerifyContext, sign_form, verify_form,
};

fn vectors() -> Vec<Vector> {
    let mut vectors = all();
    vectors.retain(|vector| vector.scheme().starts_with("post-"));
    assert_eq!(vectors.len(), 5);
    vectors
}

fn fields(vector: &Vector) -> Vec<(String, String)> {
    let form = vector.get("form").as_object().unwrap();
    form.iter()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect()
}

fn context(now: i64) -> VerifyContext<'static> {
    VerifyContext {
        now,
        regions: &[],
        product: "oss",
    }
}

fn verify<'a>(
    fields: &'a [(String, String)],
    now: i64,
    keys: &VectorKeys,
) -> Result<FormVerified<'a>, Box<Refusal>> {
    let fields: Vec<(&str, &[u8])> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    verify_form(&fields, &context(now), keys)
}

#[test]
fn vectors_verify_and_their_policies_allow() {
    for vector in vectors() {
        let fields = fields(&vector);
        let FormVerified::Signed { identity, policy } =
            verify(&fields, vector.now(), &vector.keys()).unwrap()
        else {
            panic!("{}", vector.id());
        };
        assert_eq!(
            Some(&*identity.access_key_id),
            vector.credential("access_key_id")
        );
        assert_eq!(identity.carrier, Carrier::Form);
        assert_eq!(Some(policy), vector.text("string_to_sign"));
        let parsed = FormPolicy::parse(policy).unwrap();
        assert_eq!(
            parsed,
            FormPolicy::parse_json(vector.text("policy_json").unwrap()).unwrap()
        );
        let mut form: Vec<(&str, &[u8])> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        form.push(("key", "user/中文/${filename}".as_bytes()));
        assert_eq!(
            parsed.check("examplebucket", &form, vector.now()),
            Ok(()),
            "{}",
            vector.id()
        );
        assert!(parsed.check("otherbucket", &form, vector.now()).is_err());
        form.pop();
        form.push(("key", b"admin/x"));
        assert!(parsed.check("examplebucket", &form, vector.now()).is_err());
    }
}

#[test]
fn signing_gives_the_fields_of_the_sdk() {
    for vector in vectors() {
        let scheme = if vector.scheme() == "post-v1" {
            Scheme::V1
        } else {
            Scheme::V4
        };
        let credentials = Credentials {
            access_key_id: vector.credential("access_key_id").unwrap().to_owned(),
            access_key_secret: vector.credential("access_key_secret").unwrap().to_owned(),
            security_token: vector.credential("security_token").map(str::to_owned),
        };
        let options = SignOptions {
            scheme,
            now: vector.now(),
            region: "cn-hangzhou",
            product: "oss",
        };
        let mut ours: Vec<(String, String)> =
            sign_form(vector.text("policy_json").unwrap(), &credentials, &options)
                .unwrap()
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect();
        let mut theirs = fields(&vector);
        ours.sort();
        theirs.sort();
        assert_eq!(ours, theirs, "{}", vector.id());
    }
}

#[test]
fn any_changed_byte_is_refused() {
    let mut changed = 0;
    for vector in vectors() {
        let fields = fields(&vector);
        for index in 0..fields.len() {
            for at in 0..fields[index].1.len() {
                for other in [b'A', b'0', b'z', b'/'] {
                    let mut bytes = fields[index].1.clone().into_bytes();
                    // The time of day in x-oss-date is not covered by the signature itself: the policy pins it.
                    if bytes[at] == other || (fields[index].0 == "x-oss-date" && at > 8) {
                        continue;
                    }
                    bytes[at] = other;
                    let mut fields = fields.clone();
                    fields[index].1 = String::from_utf8(bytes).unwrap();
                    let refused = verify(&fields, vector.now(), &vector.keys()).is_err();
                    assert!(refused, "{}: {:?}", vector.id(), fields[index]);
                    changed += 1;
                }
            }
        }
    }
    assert!(changed > 4000, "{changed}");
}

#[test]
fn the_policy_pins_the_date_of_v4() {
    let vector = vectors()
        .into_iter()
        .find(|vector| vector.scheme() == "post-v4")
        .unwrap();
    let mut fields = fields(&vector);
    let policy = FormPolicy::parse(vector.text("string_to_sign").unwrap()).unwrap();
    fields.push(("key".to_owned(), "user/中文/a".to_owned()));
    let check = |fields: &[(String, String)]| {
        let fields: Vec<(&str, &[u8])> = fields
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_bytes()))
            .collect();
        policy.check("examplebucket", &fields, vector.now())
    };
    assert_eq!(check(&fields), Ok(()));
    let date = fields
        .iter_mut()
        .find(|(name, _)| name == "x-oss-date")
        .unwrap();
    date.1 = "20240115T083046Z".to_owned();
    assert!(check(&fields).is_err());
}

#[test]
fn missing_doubled_and_malformed_fields() {
    let v1 = vectors()
        .into_iter()
        .find(|vector| vector.scheme() == "post-v1")
        .unwrap();
    let v4 = vectors()
        .into_iter()
        .find(|vector| vector.scheme() == "post-v4")
        .unwrap();
    let set = |fields: &mut Vec<(String, String)>, name: &str, value: &str| {
        let field = fields.iter_mut().find(|(other, _)| other == name).unwrap();
        field.1 = value.to_owned();
    };
    let without = |fields: &mut Vec<(String, String)>, name: &str| {
        let before = fields.len();
        fields.retain(|(other, _)| other != name);
        assert_eq!(fields.len() + 1, before);
    };
    type Change<'a> = &'a dyn Fn(&mut Vec<(String, String)>);
    let cases: &[(&Vector, Change<'_>, Rule, Option<&str>)] = &[
        (
            &v1,
            &|f| without(f, "Signature"),
            Rule::FormSignatureMissing,
            Some("0002-00000703"),
        ),
        (
            &v1,
            &|f| set(f, "Signature", " "),
            Rule::FormSignatureEmpty,
            Some("0002-00000704"),
        ),
        (
            &v1,
            &|f| without(f, "OSSAccessKeyId"),
            Rule::FormKeyIdMissing,
            Some("0002-00000706"),
        ),
        (
            &v1,
            &|f| set(f, "OSSAccessKeyId", ""),
            Rule::FormKeyIdEmpty,
            Some("0002-00000707"),
        ),
        (
            &v1,
            &|f| set(f, "OSSAccessKeyId", "a b"),
            Rule::FormKeyId,
            Some("0002-00000708"),
        ),
        (
            &v1,
            &|f| without(f, "policy"),
            Rule::FormPolicyMissing,
            Some("0002-00000702"),
        ),
        (
            &v1,
            &|f| f.push(("Policy".into(), "x".into())),
            Rule::FormField,
            None,
        ),
        (
            &v1,
            &|f| set(f, "OSSAccessKeyId", "unknown"),
            Rule::KeyUnknown,
            Some("0002-00000902"),
        ),
        (
            &v1,
            &|f| f.push(("x-oss-security-token".into(), "t".into())),
            Rule::TokenUnexpected,
            Some("0002-00000002"),
        ),
        (
            &v4,
            &|f| without(f, "x-oss-signature-version"),
            Rule::VersionMissing,
            None,
        ),
        (
            &v4,
            &|f| set(f, "x-oss-signature-version", "OSS2"),
            Rule::V2,
            None,
        ),
        (
            &v4,
            &|f| set(f, "x-oss-signature-version", "OSS9"),
            Rule::UnknownVersion,
            None,
        ),
        (
            &v4,
            &|f| without(f, "x-oss-signature"),
            Rule::FormSignatureMissing,
            Some("0002-00000703"),
        ),
        (
            &v4,
            &|f| without(f, "x-oss-credential"),
            Rule::FormKeyIdMissing,
            Some("0002-00000706"),
        ),
        (
            &v4,
            &|f| set(f, "x-oss-credential", "ak/20240115"),
            Rule::FormCredential,
            Some("0002-00000710"),
        ),
        (&v4, &|f| without(f, "x-oss-date"), Rule::FormDate, None),
        (&v4, &|f| set(f, "x-oss-date", "2024"), Rule::FormDate, None),
        (
            &v4,
            &|f| set(f, "x-oss-date", "20240116T000000Z"),
            Rule::ScopeDate,
            None,
        ),
    ];
    for (vector, change, rule, ec) in cases {
        let mut changed = fields(vector);
        change(&mut changed);
        let refusal = verify(&changed, vector.now(), &vector.keys()).unwrap_err();
        assert_eq!(refusal.rule(), *rule);
        if let Some(ec) = ec {
            assert_eq!(refusal.to_error().ec(), Some(*ec), "{rule:?}");
        }
    }
    let key_only = [("key".to_owned(), "a".to_owned())];
    assert_eq!(
        verify(&key_only, v1.now(), &v1.keys()).unwrap(),
        FormVerified::Anonymous
    );
}

#[test]
fn a_form_scope_must_be_ours() {
    let vector = vectors()
        .into_iter()
        .find(|vector| vector.scheme() == "post-v4")
        .unwrap();
    let fields = fields(&vector);
    let fields: Vec<(&str, &[u8])> = fields
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_bytes()))
        .collect();
    let regions = ["cn-beijing".to_owned()];
    let elsewhere = VerifyContext {
        now: vector.now(),
        regions: &regions,
        product: "oss",
    };
    assert_eq!(
        verify_form(&fields, &elsewhere, &vector.keys())
            .unwrap_err()
            .rule(),
        Rule::Region
    );
    let other = VerifyContext {
        now: vector.now(),
        regions: &[],
        product: "sls",
    };
    assert_eq!(
        verify_form(&fields, &other, &vector.keys())
            .unwrap_err()
            .rule(),
        Rule::Product
    );
}
