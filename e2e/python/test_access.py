"""Bucket policies, blocked public access, Referer rules and requester pays, set by both Python SDKs and felt by them, by
presigned URLs and by browsers that sign nothing."""

import json

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest
import requests

import sdk
import server


class Oss2(sdk.Oss2):
    """oss2, with what it says of access."""

    def set_policy(self, bucket, text):
        self._call(self._bucket(bucket).put_bucket_policy, text)

    def policy(self, bucket):
        return self._call(self._bucket(bucket).get_bucket_policy).policy

    def delete_policy(self, bucket):
        self._call(self._bucket(bucket).delete_bucket_policy)

    def block(self, bucket, on):
        self._call(self._bucket(bucket).put_bucket_public_access_block, on)

    def blocked(self, bucket):
        return self._call(self._bucket(bucket).get_bucket_public_access_block).block_public_access

    def unblock(self, bucket):
        self._call(self._bucket(bucket).delete_bucket_public_access_block)

    def set_referers(self, bucket, empty, allowed, blocked=()):
        rules = oss2.models.BucketReferer(empty, list(allowed), black_referers=list(blocked) or None)
        self._call(self._bucket(bucket).put_bucket_referer, rules)

    def set_payer(self, bucket, payer):
        self._call(self._bucket(bucket).put_bucket_request_payment, payer)

    def payer(self, bucket):
        return self._call(self._bucket(bucket).get_bucket_request_payment).payer


class OssV2(sdk.OssV2):
    """alibabacloud-oss-v2, likewise."""

    def set_policy(self, bucket, text):
        self._call(self.client.put_bucket_policy, oss_v2.PutBucketPolicyRequest(bucket=bucket, body=text))

    def policy(self, bucket):
        return self._call(self.client.get_bucket_policy, oss_v2.GetBucketPolicyRequest(bucket=bucket)).body

    def delete_policy(self, bucket):
        self._call(self.client.delete_bucket_policy, oss_v2.DeleteBucketPolicyRequest(bucket=bucket))

    def block(self, bucket, on):
        config = oss_v2.PublicAccessBlockConfiguration(block_public_access=on)
        request = oss_v2.PutBucketPublicAccessBlockRequest(bucket=bucket, public_access_block_configuration=config)
        self._call(self.client.put_bucket_public_access_block, request)

    def blocked(self, bucket):
        request = oss_v2.GetBucketPublicAccessBlockRequest(bucket=bucket)
        result = self._call(self.client.get_bucket_public_access_block, request)
        return result.public_access_block_configuration.block_public_access

    def unblock(self, bucket):
        request = oss_v2.DeleteBucketPublicAccessBlockRequest(bucket=bucket)
        self._call(self.client.delete_bucket_public_access_block, request)

    def set_referers(self, bucket, empty, allowed, blocked=()):
        config = oss_v2.RefererConfiguration(
            allow_empty_referer=empty, referer_list=oss_v2.RefererList(referers=list(allowed)),
            referer_blacklist=oss_v2.RefererBlacklist(referers=list(blocked)) if blocked else None,
        )
        request = oss_v2.PutBucketRefererRequest(bucket=bucket, referer_configuration=config)
        self._call(self.client.put_bucket_referer, request)

    def set_payer(self, bucket, payer):
        config = oss_v2.RequestPaymentConfiguration(payer=payer)
        request = oss_v2.PutBucketRequestPaymentRequest(bucket=bucket, request_payment_configuration=config)
        self._call(self.client.put_bucket_request_payment, request)

    def payer(self, bucket):
        request = oss_v2.GetBucketRequestPaymentRequest(bucket=bucket)
        return self._call(self.client.get_bucket_request_payment, request).request_payment_configuration.payer


@pytest.fixture(params=[Oss2, OssV2], ids=["oss2", "oss-v2"])
def client(request):
    return request.param("v4")


def url(bucket, key=""):
    return f"{server.ENDPOINT}/{bucket}/{key}"


def browse(bucket, key="", **headers):
    """What a caller without a key gets."""
    return outcome(requests.get(url(bucket, key), headers=headers, timeout=10))


def outcome(reply):
    """Status, and the EC of a refusal. (A success can have one too: that of a forced download.)"""
    return reply.status_code, None if reply.ok else reply.headers.get("x-oss-ec")


def policy(bucket, effect, action, **more):
    return json.dumps({
        "Version": "1",
        "Statement": [{
            "Effect": effect, "Action": [action], "Principal": ["*"],
            "Resource": [f"acs:oss:*:*:{bucket}", f"acs:oss:*:*:{bucket}/*"], **more,
        }],
    })


def test_policy_lets_in_and_keeps_out(client, root, bucket):
    root.put(bucket, "k", b"bytes")
    with pytest.raises(sdk.Refused) as caught:
        client.policy(bucket)
    assert (caught.value.status, caught.value.code) == (404, "NoSuchBucketPolicy")
    assert browse(bucket, "k") == (403, "0003-00000001")

    text = policy(bucket, "Allow", "oss:GetObject")
    client.set_policy(bucket, text)
    stored = client.policy(bucket)
    assert json.loads(stored) == json.loads(text)
    assert browse(bucket, "k") == (200, None)
    assert browse(bucket)[0] == 403

    agents = {"Condition": {"StringLike": {"acs:UserAgent": ["blocked-*"]}}}
    client.set_policy(bucket, policy(bucket, "Deny", "oss:*", **agents))
    root.set_bucket_acl(bucket, "public-read")
    assert browse(bucket, "k") == (200, None)
    assert browse(bucket, "k", **{"User-Agent": "blocked-1"}) == (403, "0003-00000202")

    with pytest.raises(sdk.Refused) as caught:
        client.set_policy(bucket, '{"Version":"1","Statement":[{"Effect":"Maybe"}]}')
    assert (caught.value.status, caught.value.code) == (400, "InvalidPolicyDocument")
    client.delete_policy(bucket)
    client.delete_policy(bucket)
    assert browse(bucket, "k", **{"User-Agent": "blocked-1"}) == (200, None)


def test_owner_is_denied_and_keeps_the_policy(client, root, bucket):
    root.put(bucket, "k", b"bytes")
    always = {"Condition": {"StringNotEquals": {"acs:UserAgent": "nobody"}}}
    client.set_policy(bucket, policy(bucket, "Deny", "oss:*", **always))
    with pytest.raises(sdk.Refused) as caught:
        client.get(bucket, "k")
    refused = caught.value
    assert (refused.status, refused.code, refused.ec) == (403, "AccessDenied", "0003-00000202")
    assert refused.message == "Access denied by bucket policy."
    assert client.policy(bucket)
    client.delete_policy(bucket)
    assert client.get(bucket, "k").body == b"bytes"


def test_public_access_is_blocked_and_comes_back(client, root, bucket):
    root.put(bucket, "k", b"bytes")
    client.set_bucket_acl(bucket, "public-read")
    assert browse(bucket, "k") == (200, None)
    assert not client.blocked(bucket)
    client.block(bucket, True)
    assert client.blocked(bucket)
    assert browse(bucket, "k") == (403, "0003-00000001")
    for refused_call, message in [
        (lambda: client.set_bucket_acl(bucket, "public-read-write"), "Put public bucket acl is not allowed"),
        (lambda: client.set_object_acl(bucket, "k", "public-read"), "Put public object acl is not allowed"),
        (lambda: client.set_policy(bucket, policy(bucket, "Allow", "oss:Get*")), "Put public bucket policy is not allowed"),
    ]:
        with pytest.raises(sdk.Refused) as caught:
            refused_call()
        assert (caught.value.status, caught.value.message) == (403, message)
    client.unblock(bucket)
    assert not client.blocked(bucket)
    assert browse(bucket, "k") == (200, None)


def test_referers(client, root, bucket):
    root.put(bucket, "k", b"bytes")
    root.set_bucket_acl(bucket, "public-read")
    link = oss2.Bucket(root.auth, server.ENDPOINT, bucket, region=server.REGION).sign_url("GET", "k", 60)

    def follow(referer=None):
        headers = {"Referer": referer} if referer else {}
        anonymous = browse(bucket, "k", **headers)
        signed = requests.get(link, headers=headers, timeout=10)
        assert anonymous == outcome(signed)
        return anonymous

    client.set_referers(bucket, False, ["http://*.example.com"], ["http://bad.example.com"])
    assert follow() == (403, "0003-00000501")
    assert follow("http://bad.example.com/page") == (403, "0003-00000502")
    assert follow("http://www.example.org/") == (403, "0003-00000503")
    assert follow("http://www.example.com/page?x=1") == (200, None)
    # What the SDK signs in a header is no link.
    assert client.get(bucket, "k").body == b"bytes"
    client.set_referers(bucket, True, [])
    assert follow() == follow("http://www.example.org/") == (200, None)


def test_requesters_pay(client, root, bucket):
    root.put(bucket, "k", b"bytes")
    root.set_bucket_acl(bucket, "public-read")
    assert client.payer(bucket) == "BucketOwner"
    client.set_payer(bucket, "Requester")
    assert client.payer(bucket) == "Requester"
    assert browse(bucket, "k") == (403, "0003-00000703")
    # Nobody to pay: saying so does not help.
    assert browse(bucket, "k", **{"x-oss-request-payer": "requester"}) == (403, "0003-00000703")
    assert client.get(bucket, "k").body == b"bytes"
    client.set_payer(bucket, "BucketOwner")
    assert browse(bucket, "k") == (200, None)
