"""Custom domains with both SDKs: tokens, bindings, requests and links under the domain, HTTPS with its own certificate."""

import socket
import subprocess

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest
import requests

import sdk
import server

DOMAIN = "media.cname.test"
OTHER = "files.cname.test"


@pytest.fixture(autouse=True)
def names(monkeypatch):
    """The custom domains are this machine."""
    resolve = socket.getaddrinfo

    def loopback(host, *arguments, **named):
        name = host.decode() if isinstance(host, bytes) else host
        if isinstance(name, str) and name.endswith(".cname.test"):
            host = "127.0.0.1"
        return resolve(host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", loopback)


@pytest.fixture
def bound(bucket):
    """A bucket whose domain is DOMAIN."""
    old = old_bucket(bucket)
    old.put_bucket_cname(oss2.models.PutBucketCnameRequest(DOMAIN))
    yield bucket
    old.delete_bucket_cname(DOMAIN)


def old_bucket(bucket):
    return oss2.Bucket(oss2.AuthV4(server.KEY_ID, server.KEY_SECRET), server.ENDPOINT, bucket, region=server.REGION)


def certificate(directory, domain, kind):
    """A self-signed certificate and its key, PEM."""
    key, cert = directory / f"{kind}.key", directory / f"{kind}.pem"
    algorithm = {"rsa": ["rsa:2048"], "ecdsa": ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]}[kind]
    subprocess.run(
        ["openssl", "req", "-x509", "-nodes", "-days", "30", "-newkey", *algorithm, "-subj", f"/CN={domain}",
         "-addext", f"subjectAltName=DNS:{domain}", "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )
    return cert, key


def test_oss2_administers(bucket):
    old = old_bucket(bucket)
    with pytest.raises(oss2.exceptions.ServerError) as none:
        old.get_bucket_cname_token(OTHER)
    assert (none.value.status, none.value.code) == (404, "CnameTokenNotFound")
    made = old.create_bucket_cname_token(OTHER)
    assert (made.bucket, made.cname, len(made.token)) == (bucket, OTHER, 32)
    assert made.expire_time.endswith(" GMT")
    got = old.get_bucket_cname_token(OTHER)
    assert (got.token, got.expire_time) == (made.token, made.expire_time)
    old.put_bucket_cname(oss2.models.PutBucketCnameRequest(OTHER))
    listed = old.list_bucket_cname()
    assert (listed.bucket, [c.domain for c in listed.cname]) == (bucket, [OTHER])
    assert listed.cname[0].status == "Enabled"
    old.delete_bucket_cname(OTHER)
    assert old.list_bucket_cname().cname == []
    with pytest.raises(oss2.exceptions.ServerError) as bad:
        old.put_bucket_cname(oss2.models.PutBucketCnameRequest("not a name"))
    assert (bad.value.status, bad.value.code) == (400, "InvalidArgument")


def test_oss_v2_administers(bucket):
    client = sdk.OssV2("v4").client
    asked = oss_v2.BucketCnameConfiguration(domain=OTHER, cname=oss_v2.Cname(domain=OTHER))
    made = client.create_cname_token(oss_v2.CreateCnameTokenRequest(bucket=bucket, bucket_cname_configuration=asked))
    assert (made.cname_token.cname, len(made.cname_token.token)) == (OTHER, 32)
    got = client.get_cname_token(oss_v2.GetCnameTokenRequest(bucket=bucket, cname=OTHER))
    assert got.cname_token.token == made.cname_token.token
    client.put_cname(oss_v2.PutCnameRequest(bucket=bucket, bucket_cname_configuration=asked))
    listed = client.list_cname(oss_v2.ListCnameRequest(bucket=bucket))
    assert (listed.bucket, [c.domain for c in listed.cnames]) == (bucket, [OTHER])
    client.delete_cname(oss_v2.DeleteCnameRequest(bucket=bucket, bucket_cname_configuration=asked))
    assert not client.list_cname(oss_v2.ListCnameRequest(bucket=bucket)).cnames


@pytest.mark.parametrize("scheme", ["v1", "v4"])
def test_objects_and_links_under_the_domain(bound, scheme):
    endpoint = f"http://{DOMAIN}:{server.PORT}"
    maker = {"v1": oss2.Auth, "v4": oss2.AuthV4}[scheme]
    old = oss2.Bucket(maker(server.KEY_ID, server.KEY_SECRET), endpoint, bound, is_cname=True, region=server.REGION)
    new = sdk.OssV2(scheme, endpoint, use_cname=True).client
    old.put_object("dir/a b.html", "from oss2", headers={"content-type": "text/html"})
    result = new.get_object(oss_v2.GetObjectRequest(bucket=bound, key="dir/a b.html"))
    assert result.body.content == b"from oss2"
    assert [o.key for o in old.list_objects_v2().object_list] == ["dir/a b.html"]
    for url in (
        old.sign_url("GET", "dir/a b.html", 60, slash_safe=True),
        new.presign(oss_v2.GetObjectRequest(bucket=bound, key="dir/a b.html")).url,
    ):
        assert url.startswith(f"{endpoint}/dir/a%20b.html?"), url
        answer = requests.get(url, timeout=10)
        assert (answer.status_code, answer.text) == (200, "from oss2")
        # Under its own domain a page is shown, under the server's it is saved.
        assert "x-oss-force-download" not in answer.headers
        assert "content-disposition" not in answer.headers
    url, _ = sdk.Oss2(scheme).presign("GET", bound, "dir/a b.html")
    answer = requests.get(url, timeout=10)
    assert (answer.headers["x-oss-force-download"], answer.headers["x-oss-ec"]) == ("true", "0048-00000113")
    assert answer.headers["content-disposition"] == "attachment"


def test_https_with_the_certificate_of_the_domain(bound, tmp_path, monkeypatch):
    port = server.TLS.rpartition(":")[2]
    endpoint = f"https://{DOMAIN}:{port}"
    previous = None
    for kind in ("ecdsa", "rsa"):
        cert, key = certificate(tmp_path, DOMAIN, kind)
        info = oss2.models.CertInfo(certificate=cert.read_text(), private_key=key.read_text(), previous_cert_id=previous)
        old_bucket(bound).put_bucket_cname(oss2.models.PutBucketCnameRequest(DOMAIN, info))
        shown = old_bucket(bound).list_bucket_cname().cname[0].certificate
        assert (shown.type, shown.status) == ("Upload", "Enabled")
        assert len(shown.fingerprint) == 59 and shown.valid_end_date.endswith(" GMT")
        previous = shown.cert_id
        # Nothing but this very certificate is trusted: the server must show it for this name.
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(cert))
        auth = oss2.AuthV4(server.KEY_ID, server.KEY_SECRET)
        old = oss2.Bucket(auth, endpoint, bound, is_cname=True, region=server.REGION)
        old.put_object("k", kind)
        new = sdk.OssV2("v4", endpoint, use_cname=True)
        url = new.client.presign(oss_v2.GetObjectRequest(bucket=bound, key="k")).url
        assert url.startswith(endpoint)
        assert requests.get(url, timeout=10).text == kind
        assert new.client.get_object(oss_v2.GetObjectRequest(bucket=bound, key="k")).body.content == kind.encode()
    # A certificate must be the one that is said to be in force, unless it is forced.
    cert, key = certificate(tmp_path, DOMAIN, "ecdsa")
    info = oss2.models.CertInfo(certificate=cert.read_text(), private_key=key.read_text(), previous_cert_id="1-x")
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        old_bucket(bound).put_bucket_cname(oss2.models.PutBucketCnameRequest(DOMAIN, info))
    assert (refused.value.status, refused.value.code) == (409, "CertIdNotMatch")
    info = oss2.models.CertInfo(delete_certificate=True)
    old_bucket(bound).put_bucket_cname(oss2.models.PutBucketCnameRequest(DOMAIN, info))
    assert old_bucket(bound).list_bucket_cname().cname[0].certificate is None
