use super::*;
use proptest::prelude::*;

fn addressing() -> Addressing {
    Addressing::for_region(
        "cn-hangzhou",
        [
            "Files.Example.com".into(),
            "oss.files.example.com:9000".into(),
        ],
    )
}

fn bound(host: &str) -> Option<String> {
    (host == "cdn.example.test").then(|| "media".to_owned())
}

fn resolve(host: &str, path: &str) -> Result<Target, OssError> {
    Target::resolve(&addressing(), host, path, &bound)
}

#[test]
fn hosts_and_paths_name_bucket_and_key() {
    use Style::{Cname, Path, VirtualHosted};
    // host, path, bucket ("-": service), key, style
    let cases: &[(&str, &str, &str, &str, Style)] = &[
        ("oss-cn-hangzhou.aliyuncs.com", "/", "-", "", Path),
        ("oss-cn-hangzhou.aliyuncs.com", "", "-", "", Path),
        (
            "b.oss-cn-hangzhou.aliyuncs.com",
            "/",
            "b",
            "",
            VirtualHosted,
        ),
        (
            "b.oss-cn-hangzhou.aliyuncs.com:8080",
            "/a/b",
            "b",
            "a/b",
            VirtualHosted,
        ),
        (
            "b.oss-cn-hangzhou-internal.aliyuncs.com",
            "/k",
            "b",
            "k",
            VirtualHosted,
        ),
        (
            "B.OSS-cn-hangzhou.AliyunCS.com",
            "/K",
            "b",
            "K",
            VirtualHosted,
        ),
        ("cn-beijing.oss.aliyuncs.com", "/", "-", "", Path),
        (
            "b.cn-beijing.oss.aliyuncs.com",
            "/k",
            "b",
            "k",
            VirtualHosted,
        ),
        ("oss.aliyuncs.com", "/b/k", "b", "k", Path),
        (
            "b.oss-accelerate.aliyuncs.com",
            "/k",
            "b",
            "k",
            VirtualHosted,
        ),
        (
            "b.oss-accelerate-overseas.aliyuncs.com",
            "/k",
            "b",
            "k",
            VirtualHosted,
        ),
        (".oss-cn-hangzhou.aliyuncs.com", "/", "-", "", Path),
        (".oss-cn-hangzhou.aliyuncs.com", "/b/", "b", "", Path),
        ("sts.aliyuncs.com", "/", "-", "", Path),
        ("localhost:9000", "/", "-", "", Path),
        ("localhost:9000", "/b", "b", "", Path),
        ("localhost:9000", "/b/", "b", "", Path),
        ("localhost", "/b/k", "b", "k", Path),
        ("LOCALHOST.", "/b/k", "b", "k", Path),
        ("b.localhost:9000", "/k", "b", "k", VirtualHosted),
        (
            "b.oss-cn-hangzhou.localhost:9000",
            "/k",
            "b",
            "k",
            VirtualHosted,
        ),
        ("oss-cn-hangzhou.localhost:9000", "/b/k", "b", "k", Path),
        // No own domain of this server: a bucket may be called so.
        ("oss-else.localhost", "/k", "oss-else", "k", VirtualHosted),
        ("127.0.0.1:9000", "/b/k", "b", "k", Path),
        ("127.0.0.1", "/", "-", "", Path),
        ("[::1]:9000", "/b/k", "b", "k", Path),
        ("[::1]", "/b", "b", "", Path),
        ("[fe80::1%25eth0]:80", "/b/k", "b", "k", Path),
        ("", "/b/k", "b", "k", Path),
        ("b.files.example.com", "/k", "b", "k", VirtualHosted),
        ("FILES.example.com:443", "/b/k", "b", "k", Path),
        // The longest own domain wins.
        ("oss.files.example.com", "/b/k", "b", "k", Path),
        ("b.oss.files.example.com", "/k", "b", "k", VirtualHosted),
        ("xfiles.example.com", "/b/k", "b", "k", Path),
        ("cdn.example.test", "/k", "media", "k", Cname),
        ("CDN.example.test:80", "/", "media", "", Cname),
        ("proxy.internal", "/b/k", "b", "k", Path),
        // What is no bucket name stays visible, so that it is refused and not taken for something else.
        ("a.b.localhost", "/k", "a.b", "k", VirtualHosted),
        ("localhost", "//k", "", "k", Path),
        // Nothing is normalised; decoding happens once; an escaped slash belongs to the key.
        ("b.localhost", "//a", "b", "/a", VirtualHosted),
        ("localhost", "/b//a", "b", "/a", Path),
        ("localhost", "/b/%2Fa", "b", "/a", Path),
        ("localhost", "/b%2Fa", "b/a", "", Path),
        (
            "b.localhost",
            "/./a/../b//c",
            "b",
            "./a/../b//c",
            VirtualHosted,
        ),
        ("b.localhost", "/a%20b", "b", "a b", VirtualHosted),
        ("b.localhost", "/a%2520b", "b", "a%20b", VirtualHosted),
        ("b.localhost", "/a+b", "b", "a+b", VirtualHosted),
        ("b.localhost", "/%E4%B8%AD", "b", "中", VirtualHosted),
        ("localhost", "/%62/k", "b", "k", Path),
    ];
    for (host, path, bucket, key, style) in cases {
        let target = resolve(host, path).unwrap_or_else(|error| panic!("{host}{path}: {error}"));
        assert_eq!(
            target.bucket.as_deref().unwrap_or("-"),
            *bucket,
            "bucket of {host}{path}"
        );
        assert_eq!(target.key, key.as_bytes(), "key of {host}{path}");
        assert_eq!(target.style, *style, "style of {host}{path}");
    }
}

#[test]
fn broken_paths_are_refused() {
    for path in [
        "/b/%",
        "/b/%2",
        "/b/%zz",
        "/%/k",
        "*",
        "b/k",
        "http://localhost/b",
    ] {
        let error = resolve("localhost", path).unwrap_err();
        assert_eq!(
            (error.code(), error.status()),
            (ErrorCode::InvalidUri, 400),
            "{path}"
        );
    }
    assert_eq!(
        resolve("localhost", "/%ff/k").unwrap_err().code(),
        ErrorCode::InvalidBucketName
    );
    assert_eq!(resolve("b.localhost", "/%ff").unwrap().key, [0xff]);
}

#[test]
fn path_style_can_be_forbidden_on_names() {
    let strict = Addressing {
        forbid_path_style: true,
        ..addressing()
    };
    let resolve = |host: &str, path: &str| Target::resolve(&strict, host, path, &bound);
    for host in [
        "oss-cn-hangzhou.aliyuncs.com",
        "files.example.com",
        "proxy.internal",
    ] {
        let error = resolve(host, "/b/k").unwrap_err();
        assert_eq!(
            (error.code(), error.status()),
            (ErrorCode::SecondLevelDomainForbidden, 403)
        );
        assert_eq!(resolve(host, "/").unwrap().bucket, None, "{host}");
    }
    for host in [
        "127.0.0.1:9000",
        "[::1]:9000",
        "localhost:9000",
        "b.files.example.com",
    ] {
        resolve(host, "/b/k").unwrap();
    }
}

#[test]
fn an_own_domain_is_never_a_bound_one() {
    let all = |_: &str| Some("stolen".to_owned());
    let target = Target::resolve(&addressing(), "b.localhost", "/k", &all).unwrap();
    assert_eq!(target.bucket.as_deref(), Some("b"));
    let target = Target::resolve(&addressing(), "10.0.0.1", "/b/k", &all).unwrap();
    assert_eq!(target.bucket.as_deref(), Some("b"));
}

proptest! {
    #[test]
    fn every_form_of_address_gives_the_same_key(key in any::<String>()) {
        let mut encoded = String::new();
        crate::encode::encode_path(key.as_bytes(), &mut encoded);
        let mut component = String::new();
        crate::encode::encode_component(key.as_bytes(), &mut component);
        for (host, prefix) in [("b.localhost", "/"), ("127.0.0.1", "/b/"), ("cdn.example.test", "/")] {
            for path in [&encoded, &component] {
                let target = resolve(host, &format!("{prefix}{path}")).unwrap();
                prop_assert_eq!(&target.key, key.as_bytes());
            }
        }
    }

    #[test]
    fn resolving_is_total(host in any::<String>(), path in any::<String>()) {
        let _ = resolve(&host, &path);
        let _ = resolve(&format!("{host}.localhost"), &format!("/{path}"));
    }
}
