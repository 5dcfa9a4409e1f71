"""Signatures computed here from the published rules, for requests that no SDK would make."""

import base64
import datetime
import email.utils
import hashlib
import hmac
import urllib.parse

import server

V4 = "OSS4-HMAC-SHA256"


def quote(text, safe=""):
    return urllib.parse.quote(text, safe=safe + "-._~")


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def v4_signature(method, bucket, key, query, headers, stamp, scope, secret=server.KEY_SECRET, additional=()):
    """`query`: pairs, decoded; `headers`: lower-case names that take part."""
    path = "/" + (f"{bucket}/" if bucket else "") + (key or "")
    pairs = sorted((quote(name), quote(value)) for name, value in query)
    canonical = "\n".join(
        [
            method,
            quote(path, safe="/"),
            "&".join(f"{name}={value}" if value else name for name, value in pairs),
            "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers)),
            ";".join(sorted(additional)),
            headers.get("x-oss-content-sha256", "UNSIGNED-PAYLOAD"),
        ]
    )
    text = "\n".join([V4, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key_bytes = ("aliyun_v4" + secret).encode()
    for part in scope.split("/"):
        key_bytes = hmac.new(key_bytes, part.encode(), hashlib.sha256).digest()
    return hmac.new(key_bytes, text.encode(), hashlib.sha256).hexdigest()


def v4_query(
    method, bucket, key, expires, at=None, params=(), headers=None, region=server.REGION, product="oss",
    key_id=server.KEY_ID, secret=server.KEY_SECRET, scope_date=None,
):
    """The parameters of a V4 URL, as pairs, in the order in which they are written."""
    at = at or now()
    stamp = at.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{scope_date or stamp[:8]}/{region}/{product}/aliyun_v4_request"
    query = [
        *params,
        ("x-oss-signature-version", V4),
        ("x-oss-credential", f"{key_id}/{scope}"),
        ("x-oss-date", stamp),
        ("x-oss-expires", str(expires)),
    ]
    signature = v4_signature(method, bucket, key, query, headers or {}, stamp, scope, secret)
    return [*query, ("x-oss-signature", signature)]


def v1_query(method, bucket, key, expires_at, params=(), headers=None, key_id=server.KEY_ID, secret=server.KEY_SECRET):
    """The parameters of a V1 URL; `params` are all sub-resources."""
    headers = headers or {}
    resource = f"/{bucket}/{key}"
    if params:
        resource += "?" + "&".join(f"{name}={value}" if value else name for name, value in sorted(params))
    oss = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers) if name.startswith("x-oss-"))
    text = "\n".join(
        [method, headers.get("content-md5", ""), headers.get("content-type", ""), str(expires_at), oss + resource]
    )
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()
    return [
        *params,
        ("OSSAccessKeyId", key_id),
        ("Expires", str(expires_at)),
        ("Signature", base64.b64encode(digest).decode()),
    ]


def v4_header(method, bucket, key, params=(), headers=None, at=None, region=server.REGION, key_id=server.KEY_ID):
    """All headers of a V4 request."""
    stamp = (at or now()).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/{region}/oss/aliyun_v4_request"
    headers = {**(headers or {}), "x-oss-date": stamp, "x-oss-content-sha256": "UNSIGNED-PAYLOAD"}
    signature = v4_signature(method, bucket, key, params, headers, stamp, scope)
    return {**headers, "authorization": f"{V4} Credential={key_id}/{scope},Signature={signature}"}


def v1_header(method, bucket, key, headers=None, date=None):
    """All headers of a V1 request without sub-resources."""
    date = date or email.utils.format_datetime(now(), usegmt=True)
    headers = dict(headers or {})
    oss = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers) if name.startswith("x-oss-"))
    path = "/" + (f"{bucket}/" if bucket else "") + (key or "")
    text = "\n".join([method, headers.get("content-md5", ""), headers.get("content-type", ""), date, oss + path])
    digest = hmac.new(server.KEY_SECRET.encode(), text.encode(), hashlib.sha1).digest()
    signature = base64.b64encode(digest).decode()
    return {**headers, "date": date, "authorization": f"OSS {server.KEY_ID}:{signature}"}


def url(bucket, key, query, endpoint=server.ENDPOINT):
    """A path-style URL."""
    text = "&".join(f"{quote(name)}={quote(value)}" if value else quote(name) for name, value in query)
    return f"{endpoint}/{bucket}/{quote(key, safe='/')}" + (f"?{text}" if text else "")
