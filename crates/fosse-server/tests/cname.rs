//! Custom domains: tokens, bindings, certificates by server name, and what the name of a bucket changes.

mod support;

use fosse_oss::sign::Scheme;
use fosse_oss::xml::{
    BucketCnameConfiguration, CertificateConfiguration, CnameToken, ListCnameResult,
};
use fosse_server::{Config, HttpsRedirect, TlsFiles};
use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject;
use std::sync::Arc;
use support::*;

fn about(
    bucket: &str,
    comp: &str,
    domain: &str,
    certificate: Option<CertificateConfiguration>,
) -> Request {
    let body = BucketCnameConfiguration {
        domain: domain.into(),
        certificate,
    };
    Request::new("POST", bucket, "")
        .query("cname", "")
        .query("comp", comp)
        .body(body.to_xml().as_bytes())
}

fn bind(server: &Server, bucket: &str, domain: &str) -> Reply {
    server.send(&about(bucket, "add", domain, None))
}

fn unbind(server: &Server, bucket: &str, domain: &str) -> Reply {
    server.send(&about(bucket, "delete", domain, None))
}

fn listed(server: &Server, bucket: &str) -> ListCnameResult {
    let reply = server.send(&Request::get(bucket, "").query("cname", ""));
    assert_eq!(reply.status, 200, "{}", reply.text());
    ListCnameResult::from_xml(&reply.body).unwrap()
}

fn names(server: &Server, bucket: &str) -> Vec<String> {
    let list = listed(server, bucket);
    list.cnames.into_iter().map(|cname| cname.domain).collect()
}

#[test]
fn a_bound_name_leads_to_its_bucket() {
    let server = Server::start();
    server.bucket("one");
    server.bucket("two");
    server.put("one", "key", b"of one");
    server.put("two", "key", b"of two");
    assert_eq!(bind(&server, "one", "CDN.example.test").status, 200);
    assert_eq!(names(&server, "one"), ["cdn.example.test"]);
    let list = listed(&server, "one");
    assert_eq!((list.bucket.as_str(), list.owner.as_str()), ("one", OWNER));
    assert_eq!(list.cnames[0].status, "Enabled");
    for scheme in [Scheme::V1, Scheme::V4] {
        for proof in [Proof::Url(scheme, 60), Proof::Header(scheme)] {
            for host in [
                "cdn.example.test",
                "CDN.Example.Test:9000",
                "cdn.example.test.",
            ] {
                let get = Request::get("one", "key").host(host).proof(proof.clone());
                let reply = server.send(&get);
                assert_eq!(reply.body, b"of one", "{host} {proof:?}");
            }
        }
    }
    let list = Request::get("one", "").host("cdn.example.test");
    assert!(server.send(&list).text().contains("<Name>one</Name>"));
    // A signature for another bucket does not fit, whatever the name.
    let other = Request::get("two", "key")
        .host("cdn.example.test")
        .proof(Proof::Url(Scheme::V4, 60));
    assert_eq!(
        server.send(&other).error(),
        (403, "SignatureDoesNotMatch".into())
    );
    // Not bound: as any other name, path-style.
    let path = Request::get("one", "key");
    assert_eq!(server.send(&path).status, 200);
    assert_eq!(unbind(&server, "one", "cdn.example.test").status, 200);
    assert_eq!(unbind(&server, "one", "cdn.example.test").status, 200);
    assert_eq!(names(&server, "one"), Vec::<String>::new());
    let gone = Request::get("one", "key")
        .host("cdn.example.test")
        .anonymous();
    assert_eq!(server.send(&gone).error(), (404, "NoSuchBucket".into()));
}

#[test]
fn one_name_leads_to_one_bucket() {
    let server = Server::start();
    server.bucket("one");
    server.bucket("two");
    let foreign = Request::new("PUT", "foreign", "").by(OTHER_ID, OTHER_SECRET);
    assert_eq!(server.send(&foreign).status, 200);
    assert_eq!(bind(&server, "one", "a.example.test").status, 200);
    // Again: nothing changes.
    assert_eq!(bind(&server, "one", "a.example.test").status, 200);
    let claim = about("foreign", "add", "a.example.test", None).by(OTHER_ID, OTHER_SECRET);
    assert_eq!(server.send(&claim).error(), (403, "CnameDenied".into()));
    // Between buckets of one owner it moves.
    assert_eq!(bind(&server, "two", "a.example.test").status, 200);
    assert_eq!(names(&server, "one"), Vec::<String>::new());
    assert_eq!(names(&server, "two"), ["a.example.test"]);
    // Nor does the former bucket take it away.
    assert_eq!(unbind(&server, "one", "a.example.test").status, 200);
    assert_eq!(names(&server, "two"), ["a.example.test"]);
    // It goes with the bucket, and is free again.
    assert_eq!(server.send(&Request::new("DELETE", "two", "")).status, 204);
    assert_eq!(server.send(&claim).status, 200);
}

#[test]
fn what_is_refused() {
    let server = Server::with(|config| config.domains = vec!["files.example".into()]);
    server.bucket("one");
    for bad in [
        "example",
        "*.example.test",
        "192.0.2.7",
        "a b.test",
        "a.localhost",
        "files.example",
        "x.files.example",
        "one.oss-cn-hangzhou.aliyuncs.com",
    ] {
        let error = bind(&server, "one", bad).error();
        assert_eq!(error, (400, "InvalidArgument".into()), "{bad}");
    }
    let post = |body: &[u8]| {
        let request = Request::new("POST", "one", "")
            .query("cname", "")
            .query("comp", "add");
        server.send(&request.body(body)).error()
    };
    for bad in [
        &b""[..],
        b"x",
        b"<BucketCnameConfiguration/>",
        b"<Cname><Domain>a.b</Domain></Cname>",
    ] {
        assert_eq!(post(bad), (400, "MalformedXML".into()));
    }
    assert_eq!(post(&vec![b' '; 300 * 1024]), (400, "MalformedXML".into()));
    for comp in ["add", "delete", "token"] {
        let request = about("one", comp, "a.example.test", None);
        assert_eq!(
            server.send(&request.clone().anonymous()).status,
            403,
            "{comp}"
        );
        let stranger = request.clone().by(OTHER_ID, OTHER_SECRET);
        assert_eq!(server.send(&stranger).status, 403, "{comp}");
        let missing = about("none", comp, "a.example.test", None);
        assert_eq!(
            server.send(&missing).error(),
            (404, "NoSuchBucket".into()),
            "{comp}"
        );
    }
    let list = Request::get("one", "").query("cname", "");
    assert_eq!(server.send(&list.clone().anonymous()).status, 403);
    assert_eq!(server.send(&list.by(OTHER_ID, OTHER_SECRET)).status, 403);
    for n in 0..100 {
        assert_eq!(
            bind(&server, "one", &format!("n{n}.example.test")).status,
            200
        );
    }
    let error = bind(&server, "one", "more.example.test").error();
    assert_eq!(error, (400, "TooManyCname".into()));
}

fn token(server: &Server, domain: &str) -> CnameToken {
    let reply = server.send(&about("one", "token", domain, None));
    assert_eq!(reply.status, 200, "{}", reply.text());
    CnameToken::from_xml(&reply.body).unwrap()
}

#[test]
fn tokens_count_for_72_hours() {
    let server = Server::start();
    server.bucket("one");
    let get = Request::get("one", "")
        .query("cname", "a.example.test")
        .query("comp", "token");
    assert_eq!(
        server.send(&get).error(),
        (404, "CnameTokenNotFound".into())
    );
    let first = token(&server, "a.example.test");
    assert_eq!(
        (first.bucket.as_str(), first.cname.as_str()),
        ("one", "a.example.test")
    );
    assert_eq!(first.token.len(), 32);
    assert!((first.expire_time - server.now() - 72 * 3600).abs() <= 1);
    assert_eq!(token(&server, "a.example.test"), first);
    assert_eq!(
        CnameToken::from_xml(&server.send(&get).body).unwrap(),
        first
    );
    assert_ne!(token(&server, "b.example.test").token, first.token);
    let life = (first.expire_time - server.now()) * 1000;
    server
        .offset_ms
        .fetch_add(life - 3000, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(token(&server, "a.example.test"), first);
    server
        .offset_ms
        .fetch_add(4000, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(
        server.send(&get).error(),
        (404, "CnameTokenNotFound".into())
    );
    assert_ne!(token(&server, "a.example.test").token, first.token);
}

/// A name server for one record.
fn name_server(record: Arc<parking_lot::Mutex<Option<String>>>) -> std::net::SocketAddr {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut bytes = [0; 512];
        while let Ok((length, client)) = socket.recv_from(&mut bytes) {
            let mut answer = bytes[..length].to_vec();
            answer[2..4].copy_from_slice(&[0x81, 0x80]);
            if let Some(text) = record.lock().clone() {
                answer[6..8].copy_from_slice(&[0, 1]);
                answer.extend([
                    0xC0,
                    12,
                    0,
                    16,
                    0,
                    1,
                    0,
                    0,
                    0,
                    1,
                    0,
                    text.len() as u8 + 1,
                    text.len() as u8,
                ]);
                answer.extend(text.as_bytes());
            }
            let _ = socket.send_to(&answer, client);
        }
    });
    address
}

#[test]
fn ownership_is_proven_where_it_is_asked_for() {
    let record = Arc::new(parking_lot::Mutex::new(None));
    let dns = name_server(record.clone());
    let server = Server::with(|config| config.domain_check = Some(dns));
    server.bucket("one");
    let foreign = Request::new("PUT", "foreign", "").by(OTHER_ID, OTHER_SECRET);
    assert_eq!(server.send(&foreign).status, 200);
    let refused = |reply: Reply| {
        assert_eq!(reply.error(), (403, "NeedVerifyDomainOwnership".into()));
        assert_eq!(reply.header("x-oss-ec"), Some("0018-00000115"));
    };
    refused(bind(&server, "one", "a.example.test"));
    let given = token(&server, "a.example.test").token;
    refused(bind(&server, "one", "a.example.test"));
    *record.lock() = Some("something else".into());
    refused(bind(&server, "one", "a.example.test"));
    *record.lock() = Some(given);
    assert_eq!(bind(&server, "one", "a.example.test").status, 200);
    // A name below one's own needs no further proof.
    *record.lock() = None;
    assert_eq!(bind(&server, "one", "x.a.example.test").status, 200);
    refused(bind(&server, "one", "b.example.test"));
    // Whoever proves that the domain is theirs now gets it.
    let claim = about("foreign", "add", "a.example.test", None).by(OTHER_ID, OTHER_SECRET);
    refused(server.send(&claim));
    let ask = about("foreign", "token", "a.example.test", None).by(OTHER_ID, OTHER_SECRET);
    let given = CnameToken::from_xml(&server.send(&ask).body).unwrap().token;
    *record.lock() = Some(given);
    assert_eq!(server.send(&claim).status, 200);
    assert_eq!(names(&server, "one"), ["x.a.example.test"]);
}

struct Made {
    chain: String,
    key: String,
}

fn made(names: &[&str], key: rcgen::KeyPair) -> Made {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let params = rcgen::CertificateParams::new(names).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    Made {
        chain: certificate.pem(),
        key: key.serialize_pem(),
    }
}

fn ecdsa(names: &[&str]) -> Made {
    made(names, rcgen::KeyPair::generate().unwrap())
}

/// An RSA key of 2048 bits, for tests only.
const RSA: &str = include_str!("data/rsa-2048.pem");

fn with(made: &Made) -> CertificateConfiguration {
    CertificateConfiguration {
        certificate: Some(made.chain.clone()),
        private_key: Some(made.key.clone()),
        ..CertificateConfiguration::default()
    }
}

fn https(change: impl FnOnce(&mut Config)) -> (Server, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let own = ecdsa(&["localhost"]);
    let files = TlsFiles {
        cert: dir.path().join("cert.pem"),
        key: dir.path().join("key.pem"),
    };
    std::fs::write(&files.cert, own.chain).unwrap();
    std::fs::write(&files.key, own.key).unwrap();
    let server = Server::with(|config| {
        config.listen_tls = vec!["127.0.0.1:0".parse().unwrap()];
        config.tls = Some(files);
        change(config);
    });
    (server, dir)
}

/// The leaf that a client which asks for `name` is shown, and the version spoken.
fn shown(
    server: &Server,
    name: &str,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> Result<(Vec<u8>, rustls::ProtocolVersion), String> {
    let (leaf, suite) = shaken(server, name, versions, |_| true)?;
    Ok((leaf, suite.version().version))
}

/// The leaf that a client which asks for `name` and has some suites is shown, and the suite spoken.
fn shaken(
    server: &Server,
    name: &str,
    versions: &[&'static rustls::SupportedProtocolVersion],
    has: impl Fn(rustls::CipherSuite) -> bool,
) -> Result<(Vec<u8>, rustls::SupportedCipherSuite), String> {
    #[derive(Debug)]
    struct Anybody(Arc<rustls::crypto::CryptoProvider>);
    use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
    impl ServerCertVerifier for Anybody {
        fn verify_server_cert(
            &self,
            _: &rustls::pki_types::CertificateDer<'_>,
            _: &[rustls::pki_types::CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: rustls::pki_types::UnixTime,
        ) -> Result<ServerCertVerified, rustls::Error> {
            Ok(ServerCertVerified::assertion())
        }
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            cert: &rustls::pki_types::CertificateDer<'_>,
            dss: &rustls::DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            rustls::crypto::verify_tls12_signature(
                message,
                cert,
                dss,
                &self.0.signature_verification_algorithms,
            )
        }
        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &rustls::pki_types::CertificateDer<'_>,
            dss: &rustls::DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            rustls::crypto::verify_tls13_signature(
                message,
                cert,
                dss,
                &self.0.signature_verification_algorithms,
            )
        }
        fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
            self.0.signature_verification_algorithms.supported_schemes()
        }
    }
    let mut provider = rustls::crypto::ring::default_provider();
    provider.cipher_suites.retain(|suite| has(suite.suite()));
    let provider = Arc::new(provider);
    let config = rustls::ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(versions)
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = std::net::TcpStream::connect(server.tls_address.unwrap()).unwrap();
    while client.is_handshaking() {
        client
            .complete_io(&mut stream)
            .map_err(|error| error.to_string())?;
    }
    let leaf = client.peer_certificates().unwrap()[0].to_vec();
    Ok((leaf, client.negotiated_cipher_suite().unwrap()))
}

const BOTH: &[&rustls::SupportedProtocolVersion] =
    &[&rustls::version::TLS12, &rustls::version::TLS13];

fn leaf_of(made: &Made) -> Vec<u8> {
    rustls::pki_types::CertificateDer::from_pem_slice(made.chain.as_bytes())
        .unwrap()
        .to_vec()
}

#[test]
fn certificates_are_shown_by_server_name_and_change_at_once() {
    let (server, _dir) = https(|_| {});
    server.bucket("one");
    let put = |domain: &str, certificate: CertificateConfiguration| {
        server.send(&about("one", "add", domain, Some(certificate)))
    };
    let own = shown(&server, "localhost", BOTH).unwrap().0;
    assert_eq!(shown(&server, "a.example.test", BOTH).unwrap().0, own);
    let first = ecdsa(&["a.example.test"]);
    assert_eq!(put("a.example.test", with(&first)).status, 200);
    assert_eq!(
        shown(&server, "a.example.test", BOTH).unwrap().0,
        leaf_of(&first)
    );
    assert_eq!(
        shown(&server, "A.EXAMPLE.test", BOTH).unwrap().0,
        leaf_of(&first)
    );
    assert_eq!(shown(&server, "localhost", BOTH).unwrap().0, own);
    let list = listed(&server, "one");
    let certificate = list.cnames[0].certificate.clone().unwrap();
    assert_eq!(
        (certificate.kind.as_ref(), certificate.status.as_ref()),
        ("Upload", "Enabled")
    );
    assert!(certificate.cert_id.ends_with("-cn-hangzhou"));
    assert_eq!(certificate.fingerprint.len(), 59);
    assert!(certificate.valid_start_date < certificate.valid_end_date);
    let answer = server
        .send(&Request::get("one", "").query("cname", ""))
        .text();
    assert!(!answer.contains("PRIVATE KEY"));

    // Another one needs the id of the present one, or force.
    let rsa = made(&["a.example.test"], rcgen::KeyPair::from_pem(RSA).unwrap());
    assert_eq!(
        put("a.example.test", with(&rsa)).error(),
        (409, "CertIdNotMatch".into())
    );
    let previous = |id: &str| CertificateConfiguration {
        previous_cert_id: Some(id.into()),
        ..with(&rsa)
    };
    assert_eq!(
        put("a.example.test", previous("1-cn-hangzhou")).error(),
        (409, "CertIdNotMatch".into())
    );
    assert_eq!(
        put("a.example.test", previous(&certificate.cert_id)).status,
        200
    );
    assert_eq!(
        shown(&server, "a.example.test", BOTH).unwrap().0,
        leaf_of(&rsa)
    );
    let forced = CertificateConfiguration {
        force: true,
        ..with(&first)
    };
    assert_eq!(put("a.example.test", forced).status, 200);
    assert_eq!(
        shown(&server, "a.example.test", BOTH).unwrap().0,
        leaf_of(&first)
    );

    // PutCname without a certificate leaves it alone.
    assert_eq!(bind(&server, "one", "a.example.test").status, 200);
    assert_eq!(
        shown(&server, "a.example.test", BOTH).unwrap().0,
        leaf_of(&first)
    );
    let delete = CertificateConfiguration {
        delete: true,
        ..CertificateConfiguration::default()
    };
    assert_eq!(put("a.example.test", delete).status, 200);
    assert_eq!(shown(&server, "a.example.test", BOTH).unwrap().0, own);
    assert_eq!(listed(&server, "one").cnames[0].certificate, None);

    // A certificate for several names is uploaded once and named by its id.
    let wide = ecdsa(&["b.example.test", "c.example.test"]);
    assert_eq!(put("b.example.test", with(&wide)).status, 200);
    let cnames = listed(&server, "one").cnames;
    let id = cnames[1].certificate.as_ref().unwrap().cert_id.clone();
    let by_id = |id: &str| CertificateConfiguration {
        cert_id: Some(id.into()),
        ..CertificateConfiguration::default()
    };
    assert_eq!(put("c.example.test", by_id(&id)).status, 200);
    assert_eq!(
        shown(&server, "c.example.test", BOTH).unwrap().0,
        leaf_of(&wide)
    );
    assert_eq!(
        listed(&server, "one").cnames[2]
            .certificate
            .as_ref()
            .unwrap()
            .kind,
        "CAS"
    );
    assert_eq!(
        put("d.example.test", by_id(&id)).error(),
        (400, "InvalidArgument".into())
    );
    assert_eq!(
        put("d.example.test", by_id("1-cn-hangzhou")).error(),
        (400, "InvalidArgument".into())
    );
    assert_eq!(unbind(&server, "one", "c.example.test").status, 200);
    assert_eq!(shown(&server, "c.example.test", BOTH).unwrap().0, own);
}

#[test]
fn certificates_that_are_not_good_enough() {
    let server = Server::start();
    server.bucket("one");
    let good = ecdsa(&["a.example.test"]);
    let other = ecdsa(&["a.example.test"]);
    let put = |certificate: CertificateConfiguration| {
        server.send(&about("one", "add", "a.example.test", Some(certificate)))
    };
    let key_of_another = Made {
        key: other.key,
        chain: good.chain.clone(),
    };
    let no_key = CertificateConfiguration {
        private_key: None,
        ..with(&good)
    };
    let no_chain = CertificateConfiguration {
        certificate: None,
        ..with(&good)
    };
    let both = CertificateConfiguration {
        delete: true,
        ..with(&good)
    };
    for bad in [
        with(&key_of_another),
        with(&ecdsa(&["b.example.test"])),
        no_key,
        no_chain,
        both,
    ] {
        let reply = put(bad);
        assert_eq!(
            reply.error(),
            (400, "InvalidArgument".into()),
            "{}",
            reply.text()
        );
        assert!(!reply.text().contains("PRIVATE KEY"));
    }
    // Nothing was bound by any of them.
    assert_eq!(names(&server, "one"), Vec::<String>::new());
}

#[test]
fn tls_versions_follow_the_bucket() {
    let (server, _dir) = https(|_| {});
    server.bucket("one");
    let certificate = ecdsa(&["a.example.test"]);
    let reply = server.send(&about(
        "one",
        "add",
        "a.example.test",
        Some(with(&certificate)),
    ));
    assert_eq!(reply.status, 200);
    let allow = |versions: &[&str]| {
        let versions: String = versions
            .iter()
            .map(|v| format!("<TLSVersion>{v}</TLSVersion>"))
            .collect();
        let document = format!(
            "<HttpsConfiguration><TLS><Enable>true</Enable>{versions}</TLS></HttpsConfiguration>"
        );
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime
            .block_on(server.store.update_bucket("one", move |bucket| {
                bucket
                    .configs
                    .insert("httpsConfig".into(), document.clone().into_bytes());
            }))
            .unwrap();
    };
    use rustls::ProtocolVersion::{TLSv1_2, TLSv1_3};
    let spoken = |name: &str, versions| {
        shown(&server, name, versions)
            .map(|(_, version)| version)
            .ok()
    };
    let (only12, only13): (&[_], &[_]) = (&[&rustls::version::TLS12], &[&rustls::version::TLS13]);
    for name in ["a.example.test", "one.localhost"] {
        allow(&["TLSv1.2", "TLSv1.3"]);
        assert_eq!(spoken(name, only12), Some(TLSv1_2));
        assert_eq!(spoken(name, BOTH), Some(TLSv1_3));
        allow(&["TLSv1.3"]);
        assert_eq!(spoken(name, only12), None);
        assert_eq!(spoken(name, only13), Some(TLSv1_3));
        allow(&["TLSv1.2"]);
        assert_eq!(spoken(name, only13), None);
        assert_eq!(spoken(name, BOTH), Some(TLSv1_2));
        // Versions that are not spoken anyway change nothing.
        allow(&["TLSv1.0", "TLSv1.1"]);
        assert_eq!(spoken(name, BOTH), Some(TLSv1_3));
    }
    allow(&["TLSv1.3"]);
    assert_eq!(
        spoken("two.localhost", only12),
        Some(TLSv1_2),
        "another bucket"
    );
}

/// What is put is what is negotiated from the next handshake on, under a custom domain and the bucket's own name.
#[test]
fn cipher_suites_are_those_that_the_bucket_allows() {
    use rustls::CipherSuite as Suite;
    let (server, _dir) = https(|_| {});
    server.bucket("one");
    server.bucket("two");
    let made = ecdsa(&["a.example.test"]);
    let bound = about("one", "add", "a.example.test", Some(with(&made)));
    assert_eq!(server.send(&bound).status, 200);
    let put = |versions: &[&str], suites: &str| {
        let list: String = versions
            .iter()
            .map(|version| format!("<TLSVersion>{version}</TLSVersion>"))
            .collect();
        let enabled = !versions.is_empty();
        let document = format!(
            "<HttpsConfiguration><TLS><Enable>{enabled}</Enable>{list}</TLS>{suites}</HttpsConfiguration>"
        );
        let request = Request::new("PUT", "one", "").query("httpsConfig", "");
        server.send(&request.body(document.as_bytes()))
    };
    let custom = |tls12: &[&str], tls13: &[&str]| {
        let list = |tag: &str, names: &[&str]| -> String {
            let item = |name: &&str| format!("<{tag}>{name}</{tag}>");
            names.iter().map(item).collect()
        };
        format!(
            "<CipherSuite><Enable>true</Enable><StrongCipherSuite>false</StrongCipherSuite>{}{}</CipherSuite>",
            list("CustomCipherSuite", tls12),
            list("TLS13CustomCipherSuite", tls13)
        )
    };
    const ONE12: &str = "ECDHE-ECDSA-AES128-GCM-SHA256";
    const ONE13: &str = "TLS_CHACHA20_POLY1305_SHA256";
    let only12: &[_] = &[&rustls::version::TLS12];
    let only13: &[_] = &[&rustls::version::TLS13];
    let spoken = |name: &str, versions, has: &dyn Fn(Suite) -> bool| {
        let shaken = shaken(&server, name, versions, has);
        shaken.map(|(_, suite)| suite.suite()).ok()
    };
    let any = |_| true;
    for name in ["a.example.test", "one.localhost"] {
        // Only what is named, of both versions; what the library does not have is named in vain.
        let reply = put(&[], &custom(&[ONE12, "AES128-SHA"], &[ONE13]));
        assert_eq!(reply.status, 200, "{reply:?}");
        let (own12, own13) = (
            Suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            Suite::TLS13_CHACHA20_POLY1305_SHA256,
        );
        assert_eq!(spoken(name, only12, &any), Some(own12));
        assert_eq!(spoken(name, only13, &any), Some(own13));
        assert_eq!(spoken(name, only12, &|suite| suite != own12), None);
        assert_eq!(spoken(name, only13, &|suite| suite != own13), None);
        assert!(spoken("two.localhost", only12, &|suite| suite != own12).is_some());
        // Together with a version.
        assert_eq!(put(&["TLSv1.2"], &custom(&[ONE12], &[ONE13])).status, 200);
        assert_eq!(spoken(name, BOTH, &any), Some(own12));
        assert_eq!(spoken(name, only13, &any), None);
        // A version without any suite left is not spoken: a client that has both is served by the other one.
        let reply = put(&[], &custom(&[ONE12], &["ECDHE-ECDSA-AES256-CCM8"]));
        assert_eq!(reply.status, 200);
        assert_eq!(spoken(name, BOTH, &any), Some(own12));
        // Suites for keys that the certificate does not have.
        let rsa = custom(&["ECDHE-RSA-AES128-GCM-SHA256"], &[]);
        assert_eq!(put(&["TLSv1.2"], &rsa).status, 200);
        assert_eq!(spoken(name, BOTH, &any), None);
        // Strong ones are all that there are, and so without a list, or switched off.
        let strong = "<CipherSuite><Enable>true</Enable><StrongCipherSuite>true</StrongCipherSuite></CipherSuite>";
        let off = custom(&[ONE12], &[ONE13]).replace("<Enable>true", "<Enable>false");
        for suites in [strong, &custom(&[], &[]), &off, ""] {
            assert_eq!(put(&[], suites).status, 200);
            assert!(spoken(name, only12, &|suite| suite != own12).is_some());
            assert!(spoken(name, only13, &|suite| suite != own13).is_some());
        }
    }
    // Kept as it came, also what is not known.
    let known = custom(&[ONE12, "ECDHE-ECDSA-AES256-CCM8"], &[ONE13]);
    assert_eq!(put(&[], &known).status, 200);
    let get = Request::get("one", "").query("httpsConfig", "");
    let told = server.send(&get).text();
    assert!(told.contains(&known), "{told}");
    // Nothing that could be negotiated: refused, and what was there stays.
    for (versions, suites) in [
        (&["TLSv1.2"][..], custom(&["AES128-SHA"], &[ONE13])),
        (&["TLSv1.3"], custom(&[ONE12], &["ECDHE-ECDSA-AES256-CCM8"])),
        (&[], custom(&["AES128-SHA"], &["x"])),
    ] {
        let reply = put(versions, &suites);
        assert_eq!(reply.error(), (400, "InvalidArgument".into()), "{suites}");
        assert_eq!(
            reply.element("ArgumentName").as_deref(),
            Some("CipherSuite")
        );
        assert_eq!(server.send(&get).text(), told);
    }
    // Stored before there was a check: nobody comes in under the bucket's names, and others are no concern of it.
    let document = format!(
        "<HttpsConfiguration><TLS><Enable>false</Enable></TLS>{}</HttpsConfiguration>",
        custom(&["AES128-SHA"], &["x"])
    );
    let stored = server.store.update_bucket("one", move |bucket| {
        let text = document.clone().into_bytes();
        bucket.configs.insert("httpsConfig".into(), text);
    });
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(stored).unwrap();
    assert_eq!(spoken("one.localhost", BOTH, &any), None);
    assert!(spoken("localhost", BOTH, &any).is_some());
}

#[test]
fn ends_of_certificates_are_in_the_metrics() {
    let (server, dir) = https(|_| {});
    server.bucket("one");
    let line = "fosse_certificate_expiry_timestamp_seconds{domain=\"\"}";
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while !server.metrics().contains(line) {
        assert!(std::time::Instant::now() < deadline, "{}", server.metrics());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    drop(dir);
}

#[test]
fn plain_http_is_sent_on_to_https() {
    for (which, own_name) in [
        (HttpsRedirect::Off, 200),
        (HttpsRedirect::CustomDomains, 200),
        (HttpsRedirect::All, 301),
    ] {
        let (server, _dir) = https(|config| {
            config.https_redirect = which;
            config.network.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        });
        let port = server.tls_address.unwrap().port();
        // As a proxy that was spoken to over TLS.
        let secure = |request: Request| request.header("x-forwarded-proto", "https");
        let send = |request: Request| server.send(&secure(request)).status;
        assert_eq!(send(Request::new("PUT", "one", "")), 200);
        assert_eq!(send(Request::new("PUT", "one", "a b").body(b"x")), 200);
        assert_eq!(send(about("one", "add", "a.example.test", None)), 200);
        let get = |host: &str| Request::get("one", "a b").host(host).query("x", "1");
        assert_eq!(send(get("a.example.test")), 200);
        let reply = server.send(&get("one.localhost"));
        assert_eq!(reply.status, own_name, "{which:?}");
        let reply = server.send(&get("a.example.test:80"));
        if which == HttpsRedirect::Off {
            assert_eq!(reply.status, 200);
            continue;
        }
        assert_eq!(reply.status, 301);
        let expected = format!("https://a.example.test:{port}/a%20b?x=1");
        assert_eq!(reply.header("location"), Some(expected.as_str()));
        let put = Request::new("PUT", "one", "new")
            .host("a.example.test")
            .body(b"x");
        assert_eq!(server.send(&put).status, 307);
    }
}
