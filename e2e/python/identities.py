"""RAM and STS by their official clients, pointed at the server under test."""

import json

import alibabacloud_ram20150501.client as ram_client
import alibabacloud_ram20150501.models as ram
import alibabacloud_sts20150401.client as sts_client
import alibabacloud_tea_openapi.models as open_api
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdksts.request.v20150401.AssumeRoleRequest import AssumeRoleRequest
import alibabacloud_sts20150401.models as sts

import server

HOST = server.ENDPOINT.removeprefix("http://")


def settings(key_id=server.KEY_ID, key_secret=server.KEY_SECRET, token=None):
    """Settings of a generated client: only the endpoint and its protocol differ from the service's."""
    return open_api.Config(
        access_key_id=key_id, access_key_secret=key_secret, security_token=token,
        endpoint=HOST, protocol="HTTP", region_id=server.REGION,
    )


def policy(effect, action, resource, **more):
    statement = {"Effect": effect, "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "1", "Statement": [statement]})


class World:
    """A user with a key, who may take on a role that may do everything in OSS."""

    def __init__(self, name):
        self.ram = ram_client.Client(settings())
        self.user, self.role = f"{name}-user", f"{name}-role"
        self.ram.create_user(ram.CreateUserRequest(user_name=self.user))
        key = self.ram.create_access_key(ram.CreateAccessKeyRequest(user_name=self.user)).body.access_key
        self.key_id, self.key_secret = key.access_key_id, key.access_key_secret
        made = self.ram.create_role(
            ram.CreateRoleRequest(role_name=self.role, max_session_duration=7200)
        ).body.role
        self.role_arn, self.role_id = made.arn, made.role_id
        self.ram.attach_policy_to_user(ram.AttachPolicyToUserRequest(
            policy_type="System", policy_name="AliyunSTSAssumeRoleAccess", user_name=self.user))
        self.ram.attach_policy_to_role(ram.AttachPolicyToRoleRequest(
            policy_type="System", policy_name="AliyunOSSFullAccess", role_name=self.role))

    def close(self):
        self.ram.detach_policy_from_user(ram.DetachPolicyFromUserRequest(
            policy_type="System", policy_name="AliyunSTSAssumeRoleAccess", user_name=self.user))
        self.ram.detach_policy_from_role(ram.DetachPolicyFromRoleRequest(
            policy_type="System", policy_name="AliyunOSSFullAccess", role_name=self.role))
        for key in self.ram.list_access_keys(
            ram.ListAccessKeysRequest(user_name=self.user)
        ).body.access_keys.access_key:
            self.ram.delete_access_key(ram.DeleteAccessKeyRequest(
                user_name=self.user, user_access_key_id=key.access_key_id))
        self.ram.delete_role(ram.DeleteRoleRequest(role_name=self.role))
        self.ram.delete_user(ram.DeleteUserRequest(user_name=self.user))

    def generated(self, **parameters):
        """AssumeRole by the generated client (ACS3): id, secret, token, expiration."""
        client = sts_client.Client(settings(self.key_id, self.key_secret))
        answer = client.assume_role(sts.AssumeRoleRequest(
            role_arn=self.role_arn, role_session_name="session", **parameters)).body
        got = answer.credentials
        return got.access_key_id, got.access_key_secret, got.security_token, got.expiration

    def classic(self, duration_seconds=None, policy=None):
        """The same by the classic client (RPC signature 1.0)."""
        client = AcsClient(self.key_id, self.key_secret, server.REGION)
        request = AssumeRoleRequest()
        request.set_accept_format("json")
        request.set_protocol_type("http")
        request.set_endpoint(HOST)
        request.set_RoleArn(self.role_arn)
        request.set_RoleSessionName("session")
        if duration_seconds is not None:
            request.set_DurationSeconds(duration_seconds)
        if policy is not None:
            request.set_Policy(policy)
        got = json.loads(client.do_action_with_exception(request))["Credentials"]
        return got["AccessKeyId"], got["AccessKeySecret"], got["SecurityToken"], got["Expiration"]


Refusal = ServerException
