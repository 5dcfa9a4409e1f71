//! Where requests come from, over real connections: URLs limited to addresses and VPCs (the table of
//! access-control.md §8.1), trusted proxies, and the PROXY protocol.

mod support;

use fosse_oss::sign::Scheme;
use fosse_server::Network;
use std::io::Write;
use std::net::SocketAddr;
use support::*;

const LOOPBACK: &str = "127.0.0.1:0";

fn server(network: Network) -> Server {
    let server = Server::with(|config| config.network = network);
    server.bucket("bucket");
    server.put("bucket", "key", b"body");
    server
}

fn trusting() -> Network {
    Network {
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        ..Network::default()
    }
}

fn limited(scheme: Scheme, source: &str, mask: &str) -> Request {
    Request::get("bucket", "key")
        .proof(Proof::Url(scheme, 60))
        .query("x-oss-ac-source-ip", source)
        .query("x-oss-ac-subnet-mask", mask)
}

const BOTH: [Scheme; 2] = [Scheme::V1, Scheme::V4];

#[test]
fn urls_limited_to_addresses() {
    let direct = server(Network::default());
    let proxied = server(trusting());
    for scheme in BOTH {
        let ec = if scheme == Scheme::V4 {
            "0002-00000225"
        } else {
            "0002-00000040"
        };
        let refused = |reply: Reply, case: &str| {
            assert_eq!(
                reply.error(),
                (403, "SignatureDoesNotMatch".into()),
                "{case}"
            );
            assert_eq!(reply.header("x-oss-ec"), Some(ec), "{case}");
        };
        for server in [&direct, &proxied] {
            assert_eq!(server.send(&limited(scheme, "127.0.0.1", "32")).status, 200);
            assert_eq!(server.send(&limited(scheme, "127.0.0.0", "8")).status, 200);
            refused(
                server.send(&limited(scheme, "192.0.2.7", "32")),
                "another address",
            );
            refused(
                server.send(&limited(scheme, "192.0.2.0", "24")),
                "another network",
            );
        }
        let mask = |text: &str| direct.send(&limited(scheme, "127.0.0.0", text));
        let reply = mask("33");
        assert_eq!(reply.error(), (400, "InvalidArgument".into()));
        assert_eq!(reply.header("x-oss-ec"), Some("0002-00000601"));

        // Forwarded: only where the URL allows it, and only from a trusted proxy.
        let forwarded = |allow: &str| {
            limited(scheme, "192.0.2.0", "24")
                .query("x-oss-ac-forward-allow", allow)
                .header("x-forwarded-for", "192.0.2.7")
        };
        assert_eq!(proxied.send(&forwarded("true")).status, 200);
        refused(proxied.send(&forwarded("false")), "forward-allow is false");
        refused(
            direct.send(&forwarded("true")),
            "a stranger's X-Forwarded-For",
        );
        let forged = limited(scheme, "192.0.2.0", "24")
            .query("x-oss-ac-forward-allow", "true")
            .header("x-forwarded-for", "192.0.2.7, 203.0.113.5");
        refused(proxied.send(&forged), "what the client itself wrote");
        // The connection itself counts also behind a proxy.
        let own = limited(scheme, "127.0.0.1", "32").header("x-forwarded-for", "192.0.2.7");
        assert_eq!(proxied.send(&own).status, 200);
    }
}

/// Changes one parameter of a presigned URL after signing.
fn tampered(server: &Server, request: &Request, from: &str, to: &str) -> Reply {
    let text = String::from_utf8(request.bytes(server)).unwrap();
    assert!(text.contains(from), "{text}");
    let mut connection = server.connect();
    connection.write(text.replace(from, to).as_bytes());
    connection.read_reply(false)
}

#[test]
fn tampered_limits() {
    let server = server(Network::default());
    for scheme in BOTH {
        let home = limited(scheme, "127.0.0.0", "24");
        let change = |from: &str, to: &str| tampered(&server, &home, from, to);
        for (from, to) in [
            ("subnet-mask=24", "subnet-mask=16"),
            ("subnet-mask=24", "subnet-mask=0"),
            ("&x-oss-ac-subnet-mask=24", ""),
        ] {
            let reply = change(from, to);
            assert_eq!(reply.error(), (403, "SignatureDoesNotMatch".into()), "{to}");
        }
        // The server puts the true address there, whatever the URL says.
        assert_eq!(
            change("source-ip=127.0.0.0", "source-ip=203.0.113.0").status,
            200
        );
        let away = limited(scheme, "203.0.113.0", "24");
        let reply = tampered(
            &server,
            &away,
            "source-ip=203.0.113.0",
            "source-ip=127.0.0.0",
        );
        assert_eq!(reply.error(), (403, "SignatureDoesNotMatch".into()));
    }
}

#[test]
fn urls_limited_to_a_vpc() {
    let request = |scheme, vpc: &str| {
        Request::get("bucket", "key")
            .proof(Proof::Url(scheme, 60))
            .query("x-oss-ac-vpc-id", vpc)
    };
    let outside = server(Network::default());
    let by_listener = server(Network {
        listener_vpcs: vec![(LOOPBACK.parse().unwrap(), "vpc-1".into())],
        ..Network::default()
    });
    let by_client = server(Network {
        client_vpcs: vec![("127.0.0.0/8".parse().unwrap(), "vpc-1".into())],
        listener_vpcs: vec![(LOOPBACK.parse().unwrap(), "vpc-2".into())],
        ..Network::default()
    });
    for scheme in BOTH {
        for server in [&by_listener, &by_client] {
            assert_eq!(server.send(&request(scheme, "vpc-1")).status, 200);
            let reply = server.send(&request(scheme, "vpc-2"));
            assert_eq!(reply.error(), (403, "AccessDenied".into()));
        }
        let reply = outside.send(&request(scheme, "vpc-1"));
        assert_eq!(reply.error(), (403, "AccessDenied".into()));
    }
}

fn proxy_header(client: &str) -> Vec<u8> {
    let client: SocketAddr = client.parse().unwrap();
    let SocketAddr::V4(v4) = client else { panic!() };
    let mut out = fosse_server::proxy_header::SIGNATURE.to_vec();
    out.extend([0x21, 0x11, 0, 12]);
    out.extend(v4.ip().octets());
    out.extend([127, 0, 0, 1]);
    out.extend(v4.port().to_be_bytes());
    out.extend([0, 80]);
    out
}

#[test]
fn the_proxy_protocol_names_the_client() {
    let any: SocketAddr = LOOPBACK.parse().unwrap();
    let mut server = Server::with(|config| {
        config.network = Network {
            proxy_protocol: vec![any],
            client_vpcs: vec![("192.0.2.0/24".parse().unwrap(), "vpc-1".into())],
            ..trusting()
        };
    });
    let send = |header: &[u8], request: &Request| {
        let mut connection = server.connect();
        connection.write(header);
        connection.send(request, &server)
    };
    let header = proxy_header("192.0.2.7:4711");
    assert_eq!(
        send(&header, &Request::new("PUT", "bucket", "")).status,
        200
    );
    let put = Request::new("PUT", "bucket", "key").body(b"body");
    assert_eq!(send(&header, &put).status, 200);
    for scheme in BOTH {
        assert_eq!(
            send(&header, &limited(scheme, "192.0.2.7", "32")).status,
            200
        );
        assert_eq!(
            send(&header, &limited(scheme, "127.0.0.1", "32")).status,
            403
        );
        let other = proxy_header("203.0.113.9:1");
        assert_eq!(
            send(&other, &limited(scheme, "192.0.2.7", "32")).status,
            403
        );
        // The client that the header names is no trusted proxy, so what it forwards counts for nothing.
        let forged = limited(scheme, "192.0.2.0", "24")
            .query("x-oss-ac-forward-allow", "true")
            .header("x-forwarded-for", "192.0.2.7");
        assert_eq!(send(&other, &forged).status, 403);
        let vpc = Request::get("bucket", "key")
            .proof(Proof::Url(scheme, 60))
            .query("x-oss-ac-vpc-id", "vpc-1");
        assert_eq!(send(&header, &vpc).status, 200);
        assert_eq!(send(&other, &vpc).status, 403);
    }
    // Without a header, or with a broken one, nothing is served.
    for bytes in [&b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..], &[0; 64]] {
        let mut stream = std::net::TcpStream::connect(server.address).unwrap();
        stream.write_all(bytes).unwrap();
        let mut rest = Vec::new();
        let _ = std::io::Read::read_to_end(&mut stream, &mut rest);
        assert_eq!(rest, b"");
    }
    server.stop();

    // A peer that is no trusted proxy is not listened to, whatever it says.
    let stranger = Server::with(|config| {
        config.network = Network {
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            proxy_protocol: vec![any],
            ..Network::default()
        };
    });
    let mut stream = std::net::TcpStream::connect(stranger.address).unwrap();
    let _ = stream.write_all(&header);
    let mut rest = Vec::new();
    let _ = std::io::Read::read_to_end(&mut stream, &mut rest);
    assert_eq!(rest, b"");
}

#[test]
fn settings_about_listeners_name_listeners() {
    let bind = |network: Network| {
        let config = fosse_server::Config {
            listen: vec![LOOPBACK.parse().unwrap()],
            admin: None,
            network,
            ..fosse_server::Config::default()
        };
        fosse_server::Listeners::bind(&config)
            .map(|_| ())
            .map_err(|e| e.to_string())
    };
    let elsewhere: SocketAddr = "127.0.0.1:9999".parse().unwrap();
    let error = bind(Network {
        proxy_protocol: vec![elsewhere],
        ..trusting()
    });
    assert!(error.unwrap_err().contains("127.0.0.1:9999 is no listener"));
    let error = bind(Network {
        listener_vpcs: vec![(elsewhere, "vpc-1".into())],
        ..Network::default()
    });
    assert!(error.unwrap_err().contains("is no listener"));
    let error = bind(Network {
        proxy_protocol: vec![LOOPBACK.parse().unwrap()],
        ..Network::default()
    });
    assert!(error.unwrap_err().contains("trusted proxies"));
}
