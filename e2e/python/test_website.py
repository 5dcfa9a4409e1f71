"""Static websites: configured by an SDK, read by a plain HTTP client as a browser does."""

import oss2.models as models
import pytest
import requests

import server


@pytest.fixture
def site(root, bucket):
    """A public bucket with pages; gives a function that reads a page, and the handle of oss2."""
    root.set_bucket_acl(bucket, "public-read")
    for key, body in [("index.html", b"root"), ("sub/index.html", b"sub"), ("p.html", b"page"), ("404.html", b"sorry")]:
        root.put(bucket, key, body, content_type="text/html")

    def get(path, method="GET", **options):
        headers = {"Host": f"{bucket}.{server.DOMAIN}:{server.PORT}", **options.pop("headers", {})}
        return requests.request(
            method, f"{server.ENDPOINT}/{path}", headers=headers, allow_redirects=False, timeout=10, **options
        )

    return get, root._bucket(bucket)


def told(reply):
    return reply.status_code, reply.text


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_pages_and_sub_directories(site, kind):
    get, handle = site
    # oss2 has no words for directories: the document as it goes on the wire.
    handle.put_bucket_website(
        "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix><SupportSubDir>true</SupportSubDir>"
        f"<Type>{kind}</Type></IndexDocument><ErrorDocument><Key>404.html</Key></ErrorDocument></WebsiteConfiguration>"
    )
    assert told(get("")) == (200, "root")
    assert told(get("sub/")) == (200, "sub")
    assert told(get("p.html")) == (200, "page")
    assert told(get("absent")) == (404, "sorry")
    reply = get("sub")
    if kind == 0:
        assert (reply.status_code, reply.headers["Location"]) == (302, "/sub/")
    else:
        assert told(reply) == ((404, "sorry") if kind == 1 else (200, "sub"))
    assert get("absent", method="HEAD").status_code == 404
    assert get("", method="HEAD").headers["Content-Length"] == "4"


def test_redirects(site):
    get, handle = site
    gone = models.RoutingRule(
        rule_num=1,
        condition=models.Condition(key_prefix_equals="gone/", http_err_code_return_equals=404),
        redirect=models.Redirect(
            redirect_type="External", proto="https", host_name="www.test.com", http_redirect_code=302,
            replace_key_with="moved/${key}", pass_query_string=True,
        ),
    )
    old = models.RoutingRule(
        rule_num=2,
        condition=models.Condition(key_prefix_equals="old/"),
        redirect=models.Redirect(redirect_type="External", replace_key_prefix_with="new/", http_redirect_code=301),
    )
    handle.put_bucket_website(models.BucketWebsite("index.html", "404.html", [gone, old]))
    reply = get("gone/a?x=1")
    assert (reply.status_code, reply.headers["Location"]) == (302, "https://www.test.com/moved/gone/a?x=1")
    reply = get("old/a b")
    assert reply.status_code == 301
    assert reply.headers["Location"] == f"http://{handle.bucket_name}.{server.DOMAIN}:{server.PORT}/new/a%20b"
    assert told(get("absent")) == (404, "sorry")
    handle.delete_bucket_website()
    assert get("absent").status_code == 404 and "NoSuchKey" in get("absent").text
    assert get("").status_code == 403


def test_a_private_site_stays_private(site, root):
    get, handle = site
    handle.put_bucket_website(models.BucketWebsite("index.html", "404.html"))
    root.set_bucket_acl(handle.bucket_name, "private")
    for path in ("", "index.html", "p.html", "absent"):
        reply = get(path)
        assert reply.status_code == 403 and "AccessDenied" in reply.text
