"""Temporary credentials: made by the official STS clients and credential providers, used by the official OSS SDKs."""

import datetime

import alibabacloud_oss_v2 as oss_v2
import alibabacloud_ram20150501.models as ram
import alibabacloud_sts20150401.client as sts_client
import alibabacloud_sts20150401.models as sts
import oss2
import pytest
import requests
from alibabacloud_credentials.provider import RamRoleArnCredentialsProvider
from alibabacloud_tea_openapi.exceptions import ClientException
from oss2.credentials import Credentials, CredentialsProvider

import identities
import server
from identities import policy, settings


@pytest.fixture(scope="module")
def world():
    world = identities.World("py-sts")
    yield world
    world.close()


@pytest.fixture
def filled(root, bucket):
    root.put(bucket, "u1/a", b"one")
    root.put(bucket, "u2/b", b"two")
    return bucket


def code(response):
    return response.status_code, response.text.split("<Code>")[-1].split("</Code>")[0]


def presign_oss2(version, credentials, bucket, key, life):
    """A download link by oss2 for temporary credentials."""
    key_id, secret, token, _ = credentials
    auth = oss2.StsAuth(key_id, secret, token, auth_version=version)
    signer = oss2.Bucket(auth, server.ENDPOINT, bucket, region=server.REGION)
    return signer.sign_url("GET", key, life, slash_safe=True)


def presign_v2(version, credentials, bucket, key, life):
    """The same by alibabacloud-oss-v2."""
    key_id, secret, token, _ = credentials
    config = oss_v2.config.load_default()
    config.credentials_provider = oss_v2.credentials.StaticCredentialsProvider(key_id, secret, token)
    config.region, config.endpoint, config.signature_version = server.REGION, server.ENDPOINT, version
    config.use_path_style = True
    client = oss_v2.Client(config)
    request = oss_v2.GetObjectRequest(bucket=bucket, key=key)
    return client.presign(request, expires=datetime.timedelta(seconds=life)).url


SIGNERS = [
    (presign_oss2, oss2.AUTH_VERSION_1), (presign_oss2, oss2.AUTH_VERSION_4),
    (presign_v2, "v1"), (presign_v2, "v4"),
]


@pytest.mark.parametrize("made_by", ["generated", "classic"])
@pytest.mark.parametrize("signer, version", SIGNERS, ids=["oss2-v1", "oss2-v4", "oss-v2-v1", "oss-v2-v4"])
def test_a_link_by_a_narrowed_session(world, filled, clock, made_by, signer, version):
    narrowed = policy("Allow", ["oss:GetObject"], [f"acs:oss:*:*:{filled}/u1/*"])
    credentials = getattr(world, made_by)(duration_seconds=900, policy=narrowed)
    assert credentials[0].startswith("STS.")
    link = signer(version, credentials, filled, "u1/a", 3600)
    other = signer(version, credentials, filled, "u2/b", 3600)
    assert requests.get(link).content == b"one"
    assert code(requests.get(other)) == (403, "AccessDenied")
    clock(880)
    assert requests.get(link).content == b"one"
    # The link has most of an hour to go; its token has not.
    clock(910)
    assert code(requests.get(link)) == (403, "SecurityTokenExpired")
    assert code(requests.get(other)) == (403, "SecurityTokenExpired")


def test_sdks_work_with_temporary_credentials(world, filled):
    key_id, secret, token, _ = world.generated()
    for version in (oss2.AUTH_VERSION_1, oss2.AUTH_VERSION_4):
        auth = oss2.StsAuth(key_id, secret, token, auth_version=version)
        client = oss2.Bucket(auth, server.ENDPOINT, filled, region=server.REGION)
        client.put_object("new", b"x")
        assert client.get_object("new").read() == b"x"
        assert [o.key for o in client.list_objects_v2(prefix="u1/").object_list] == ["u1/a"]
    for version in ("v1", "v4"):
        config = oss_v2.config.load_default()
        config.credentials_provider = oss_v2.credentials.StaticCredentialsProvider(key_id, secret, token)
        config.region, config.endpoint, config.signature_version = server.REGION, server.ENDPOINT, version
        config.use_path_style = True
        client = oss_v2.Client(config)
        client.put_object(oss_v2.PutObjectRequest(bucket=filled, key="new2", body=b"y"))
        got = client.get_object(oss_v2.GetObjectRequest(bucket=filled, key="new2"))
        assert got.body.read() == b"y"


class Refreshing(CredentialsProvider):
    """oss2's interface over the provider of alibabacloud-credentials."""

    def __init__(self, provider):
        self.provider = provider

    def get_credentials(self):
        got = self.provider.get_credentials()
        return Credentials(got.get_access_key_id(), got.get_access_key_secret(), got.get_security_token())


def test_a_credential_provider_takes_the_role_on_and_refreshes(world, filled, monkeypatch):
    # The provider speaks HTTPS only, and its HTTP library is told of no certificates.
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", server.CA)
    provider = RamRoleArnCredentialsProvider(
        access_key_id=world.key_id, access_key_secret=world.key_secret, role_arn=world.role_arn,
        role_session_name="provider", duration_seconds=900, sts_endpoint=server.TLS.removeprefix("https://"),
    )
    first = provider.get_credentials().get_access_key_id()
    auth = oss2.ProviderAuthV4(Refreshing(provider))
    client = oss2.Bucket(auth, server.ENDPOINT, filled, region=server.REGION)
    assert client.get_object("u1/a").read() == b"one"
    # Fifteen minutes before its end, that is at once, it asks for another session.
    second = provider.get_credentials().get_access_key_id()
    assert first.startswith("STS.") and second.startswith("STS.") and first != second
    assert client.get_object("u1/a").read() == b"one"


def test_who_am_i(world):
    root = sts_client.Client(settings()).get_caller_identity().body
    assert root.identity_type == "Account"
    user = sts_client.Client(settings(world.key_id, world.key_secret)).get_caller_identity().body
    assert (user.identity_type, user.account_id) == ("RAMUser", root.account_id)
    assert user.arn == f"acs:ram::{root.account_id}:user/{world.user}"
    key_id, secret, token, _ = world.generated()
    session = sts_client.Client(settings(key_id, secret, token)).get_caller_identity().body
    assert session.identity_type == "AssumedRoleUser"
    assert session.role_id == world.role_id


def test_refusals_reach_the_clients_as_such(world):
    client = sts_client.Client(settings(world.key_id, world.key_secret))
    for parameters, status, wanted in [
        ({"role_arn": world.role_arn + "x"}, 404, "EntityNotExist.Role"),
        ({"duration_seconds": 899}, 400, "InvalidParameter.DurationSeconds"),
        ({"duration_seconds": 7201}, 400, "InvalidParameter.DurationSeconds"),
        ({"policy": "{}"}, 400, "InvalidParameter.PolicyGrammar"),
    ]:
        request = sts.AssumeRoleRequest(
            **{"role_arn": world.role_arn, "role_session_name": "session", **parameters})
        with pytest.raises(ClientException) as refused:
            client.assume_role(request)
        assert (refused.value.status_code, refused.value.code) == (status, wanted)
    with pytest.raises(identities.Refusal) as refused:
        world.classic(policy="{}")
    assert refused.value.get_error_code() == "InvalidParameter.PolicyGrammar"
    root = sts_client.Client(settings())
    with pytest.raises(ClientException) as refused:
        root.assume_role(sts.AssumeRoleRequest(role_arn=world.role_arn, role_session_name="session"))
    assert refused.value.code == "NoPermission"


def test_links_end_when_what_they_rest_on_ends(world, filled):
    credentials = world.generated()
    link = presign_v2("v4", credentials, filled, "u1/a", 3600)
    assert requests.get(link).status_code == 200
    attached = {"policy_type": "System", "policy_name": "AliyunOSSFullAccess", "role_name": world.role}
    world.ram.detach_policy_from_role(ram.DetachPolicyFromRoleRequest(**attached))
    assert requests.get(link).status_code == 403
    world.ram.attach_policy_to_role(ram.AttachPolicyToRoleRequest(**attached))
    assert requests.get(link).status_code == 200
    # A key of the user's own.
    text = policy("Allow", "oss:GetObject", f"acs:oss:*:*:{filled}/*")
    world.ram.create_policy(ram.CreatePolicyRequest(policy_name="py-sts-read", policy_document=text))
    own = {"policy_type": "Custom", "policy_name": "py-sts-read", "user_name": world.user}
    world.ram.attach_policy_to_user(ram.AttachPolicyToUserRequest(**own))
    auth = oss2.AuthV4(world.key_id, world.key_secret)
    link = oss2.Bucket(auth, server.ENDPOINT, filled, region=server.REGION).sign_url("GET", "u1/a", 3600)
    assert requests.get(link).content == b"one"
    key = {"user_name": world.user, "user_access_key_id": world.key_id}
    world.ram.update_access_key(ram.UpdateAccessKeyRequest(status="Inactive", **key))
    assert code(requests.get(link)) == (403, "InvalidAccessKeyId")
    world.ram.update_access_key(ram.UpdateAccessKeyRequest(status="Active", **key))
    assert requests.get(link).status_code == 200
    world.ram.detach_policy_from_user(ram.DetachPolicyFromUserRequest(**own))
    assert code(requests.get(link)) == (403, "AccessDenied")
    world.ram.delete_policy(ram.DeletePolicyRequest(policy_name="py-sts-read"))


def test_ram_as_terraform_uses_it(world):
    client = world.ram
    with pytest.raises(ClientException) as refused:
        client.create_user(ram.CreateUserRequest(user_name=world.user))
    assert refused.value.code == "EntityAlreadyExists.User"
    with pytest.raises(ClientException) as refused:
        client.delete_user(ram.DeleteUserRequest(user_name=world.user))
    assert refused.value.code == "DeleteConflict.User.AccessKey"
    user = client.get_user(ram.GetUserRequest(user_name=world.user)).body.user
    listed = client.list_users(ram.ListUsersRequest(max_items=100)).body
    assert user.user_id in [other.user_id for other in listed.users.user] and listed.is_truncated is False
    changed = client.update_user(ram.UpdateUserRequest(user_name=world.user, new_comments="c")).body.user
    assert changed.user_id == user.user_id
    client.create_group(ram.CreateGroupRequest(group_name="py-group"))
    member = {"user_name": world.user, "group_name": "py-group"}
    client.add_user_to_group(ram.AddUserToGroupRequest(**member))
    groups = client.list_groups_for_user(ram.ListGroupsForUserRequest(user_name=world.user)).body
    assert [group.group_name for group in groups.groups.group] == ["py-group"]
    client.remove_user_from_group(ram.RemoveUserFromGroupRequest(**member))
    client.delete_group(ram.DeleteGroupRequest(group_name="py-group"))
    text = policy("Allow", "oss:GetObject", "*")
    client.create_policy(ram.CreatePolicyRequest(policy_name="py-policy", policy_document=text))
    version = client.create_policy_version(ram.CreatePolicyVersionRequest(
        policy_name="py-policy", policy_document=text, set_as_default=True)).body.policy_version
    assert (version.version_id, version.is_default_version) == ("v2", True)
    got = client.get_policy(ram.GetPolicyRequest(policy_name="py-policy", policy_type="Custom")).body
    assert got.default_policy_version.policy_document == text
    assert got.policy.attachment_count == 0
    client.delete_policy_version(ram.DeletePolicyVersionRequest(policy_name="py-policy", version_id="v1"))
    client.delete_policy(ram.DeletePolicyRequest(policy_name="py-policy"))
    role = client.update_role(ram.UpdateRoleRequest(
        role_name=world.role, new_max_session_duration=7200)).body.role
    assert role.max_session_duration == 7200
    attached = client.list_policies_for_role(ram.ListPoliciesForRoleRequest(role_name=world.role)).body
    assert [p.policy_name for p in attached.policies.policy] == ["AliyunOSSFullAccess"]
