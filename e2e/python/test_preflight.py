"""OptionObject: what a browser asks before a script of another origin may do something."""

import oss2
import pytest

import calls
import server
import wire

NEEDED = "Insufficient information. Origin request header needed."
METHOD_NEEDED = "Insufficient information. Request Access-Control-Request-Method header needed."
ORIGIN, METHOD, HEADERS = "Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"


@pytest.fixture(params=calls.BOTH, ids=lambda kind: kind.name)
def client(request):
    return request.param("v4")


def allow(bucket):
    """The second rule is for what the first leaves."""
    rules = [
        oss2.models.CorsRule(
            allowed_origins=["https://*.example"], allowed_methods=["GET", "PUT"], allowed_headers=["x-oss-*"],
            expose_headers=["ETag"], max_age_seconds=60),
        oss2.models.CorsRule(allowed_origins=["*"], allowed_methods=["HEAD"]),
    ]
    calls.Oss2("v4")._bucket(bucket).put_bucket_cors(oss2.models.BucketCors(rules))


def told(answer):
    """The CORS headers of an answer."""
    headers = answer[1] if isinstance(answer, tuple) else answer.headers
    return {name.lower(): value for name, value in headers.items() if name.lower().startswith("access-control-")}


def test_what_may_be_done(client, bucket):
    allow(bucket)
    asked = {ORIGIN: "https://app.example", METHOD: "PUT", HEADERS: "x-oss-meta-a"}
    answer = client.call("OptionObject", bucket, key="k", headers=asked)
    assert told(answer) == {
        "access-control-allow-origin": "https://app.example", "access-control-allow-methods": "GET, PUT",
        "access-control-allow-headers": "x-oss-meta-a", "access-control-expose-headers": "ETag",
        "access-control-max-age": "60",
    }
    answer = client.call("OptionObject", bucket, key="k", headers={ORIGIN: "http://a.other", METHOD: "HEAD"})
    assert told(answer)["access-control-allow-methods"] == "HEAD"
    # Nobody signs this request outside of an SDK.
    url = f"{server.ENDPOINT}/{bucket}/k"
    answer = wire.send(url, "OPTIONS", asked)
    assert (answer.status, answer.headers["vary"]) == (200, "Origin")


ASK = {ORIGIN: "https://app.example", METHOD: "PUT"}


def test_without_rules(client, bucket):
    refusal = calls.refusal(client.call, "OptionObject", bucket, key="k", headers=ASK)
    assert refusal.differs("AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.") == []
    refusal = calls.refusal(client.call, "OptionObject", "py-no-such-bucket", key="k", headers=ASK)
    assert refusal.differs("NoSuchBucket") == []


def test_refusals(client, bucket):
    allow(bucket)
    for headers, *expected in (
        ({METHOD: "GET"}, "BadRequest", NEEDED),
        ({ORIGIN: "https://app.example"}, "BadRequest", METHOD_NEEDED),
        ({**ASK, ORIGIN: "https://app.elsewhere"}, "AccessForbidden"),
        ({**ASK, METHOD: "DELETE"}, "AccessForbidden"),
        ({**ASK, HEADERS: "x-oss-meta-a, authorization"}, "AccessForbidden"),
    ):
        refusal = calls.refusal(client.call, "OptionObject", bucket, key="k", headers=headers)
        assert refusal.differs(*expected) == [], headers


def test_answers_to_scripts(client, bucket):
    """A request that follows is served whatever the rules say; they only let the script read it."""
    allow(bucket)
    client.call("PutObject", bucket, key="k")
    for origin, shown in (("https://app.example", True), ("https://app.elsewhere", False)):
        _, headers, body = client.send("GET", bucket, "k", {}, {ORIGIN: origin})
        assert body == b"body" and headers.get("access-control-allow-origin") == (origin if shown else None)
        refusal = calls.refusal(client.send, "GET", bucket, "absent", {}, {ORIGIN: origin})
        assert refusal.headers.get("access-control-allow-origin") == (origin if shown else None)
