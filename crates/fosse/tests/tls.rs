//! HTTPS: a server with a certificate of its own, and clients that trust it, do not, or do not care.

mod harness;

use harness::{Server, write};

#[test]
fn a_certificate_is_trusted_by_name_or_not_at_all() {
    let made = rcgen::generate_simple_self_signed(
        ["localhost", "*.localhost", "127.0.0.1"].map(str::to_owned),
    )
    .unwrap();
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "cert.pem", made.cert.pem().as_bytes());
    write(
        dir.path(),
        "key.pem",
        made.signing_key.serialize_pem().as_bytes(),
    );
    write(dir.path(), "body", b"over TLS");
    let flags = [
        "--memory",
        "--listen",
        "off",
        "--listen-tls",
        "127.0.0.1:0",
        "--tls-cert",
        "cert.pem",
        "--tls-key",
        "key.pem",
    ];
    let server = Server::start_in(dir, &flags, true);
    let port = server
        .endpoint
        .strip_prefix("https://127.0.0.1:")
        .unwrap_or_else(|| panic!("{}", server.endpoint))
        .to_owned();

    // A certificate that nobody vouches for: refused before a secret or a byte goes out.
    let stranger = server.run(&["mb", "oss://tls"]);
    assert!(
        stranger.code == 3 && stranger.stderr.contains("certificate"),
        "{}",
        stranger.stderr
    );
    assert!(
        stranger.stderr.contains("Hint: ") && stranger.stderr.contains("--ca-file"),
        "{}",
        stranger.stderr
    );
    assert!(!server.log().contains("PutBucket"));

    server.ok(&["mb", "oss://tls", "--ca-file", "cert.pem"]);
    server.ok(&["cp", "body", "oss://tls/body", "--skip-verify-cert"]);
    assert_eq!(
        server.ok(&["cat", "oss://tls/body", "--ca-file", "cert.pem"]),
        "over TLS"
    );
    // Virtual-hosted below localhost; without a scheme it is https.
    let virtual_host = format!("oss-cn-hangzhou.localhost:{port}");
    let wrong_name = server.run(&[
        "cat",
        "oss://tls/body",
        "-e",
        &virtual_host,
        "--ca-file",
        "cert.pem",
    ]);
    assert!(
        wrong_name.code == 3,
        "tls.oss-cn-hangzhou.localhost is not in the certificate: {}",
        wrong_name.stderr
    );
    assert_eq!(
        server.ok(&[
            "cat",
            "oss://tls/body",
            "-e",
            &virtual_host,
            "--skip-verify-cert"
        ]),
        "over TLS"
    );
    assert_eq!(
        server.ok(&[
            "cat",
            "oss://tls/body",
            "-e",
            &format!("localhost:{port}"),
            "--ca-file",
            "cert.pem"
        ]),
        "over TLS"
    );

    server.ok(&["config", "set", "ca-file", "cert.pem"]);
    assert_eq!(server.ok(&["cat", "oss://tls/body"]), "over TLS");
    server.ok(&["config", "set", "ca-file", "body"]);
    assert_eq!(server.run(&["cat", "oss://tls/body"]).code, 3);
    // Plain HTTP to the HTTPS port is no hang.
    assert_eq!(
        server
            .run(&[
                "ls",
                "-e",
                &format!("http://127.0.0.1:{port}"),
                "--retry-times",
                "0"
            ])
            .code,
        3
    );
}
