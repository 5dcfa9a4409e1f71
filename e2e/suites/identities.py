"""The accounts, users and roles that the suites ask for, made through Fosse's own command and RAM service."""

import base64
import datetime
import hashlib
import hmac
import json
import subprocess
import urllib.error
import urllib.parse
import urllib.request
import uuid

ENDPOINT = "http://oss-cn-hangzhou.aliyuncs.com/"
ROLE = "suite-role"
USER = "suite-user"
PAYER = "2000000000000002"


def call(key: tuple[str, str], version: str, action: str, **parameters: str) -> dict:
    """One RPC call (signature version 1.0); raises with the service's answer when it is refused."""
    now = datetime.datetime.now(datetime.timezone.utc)
    fields = {
        "Action": action,
        "Version": version,
        "Format": "JSON",
        "AccessKeyId": key[0],
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": uuid.uuid4().hex,
        "Timestamp": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    } | parameters

    def quote(text: str) -> str:
        return urllib.parse.quote(text, safe="-_.~")

    text = "&".join(f"{quote(name)}={quote(value)}" for name, value in sorted(fields.items()))
    signature = hmac.new(f"{key[1]}&".encode(), f"POST&%2F&{quote(text)}".encode(), hashlib.sha1)
    fields["Signature"] = base64.b64encode(signature.digest()).decode()
    body = urllib.parse.urlencode(fields).encode()
    try:
        with urllib.request.urlopen(ENDPOINT, body, timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refusal:
        raise SystemExit(f"{action}: {refusal.code} {refusal.read().decode()}") from None


def ram(key: tuple[str, str], action: str, **parameters: str) -> dict:
    return call(key, "2015-05-01", action, **parameters)


def make(binary: str, data: str, root: tuple[str, str]) -> dict[str, str]:
    """A user and a role with all rights in the root's account, and a second account that pays for requests."""
    account = call(root, "2015-04-01", "GetCallerIdentity")["AccountId"]
    ram(root, "CreateUser", UserName=USER)
    key = ram(root, "CreateAccessKey", UserName=USER)["AccessKey"]
    trust = {"Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"RAM": [f"acs:ram::{account}:root"]}}]}
    role = ram(root, "CreateRole", RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(trust | {"Version": "1"}))
    for policy in ("AliyunOSSFullAccess", "AliyunSTSAssumeRoleAccess"):
        ram(root, "AttachPolicyToUser", PolicyType="System", PolicyName=policy, UserName=USER)
        ram(root, "AttachPolicyToRole", PolicyType="System", PolicyName=policy, RoleName=ROLE)
    payer = second_account([binary, "admin", "--data-dir", data])
    return {
        "account": account,
        "id": key["AccessKeyId"],
        "secret": key["AccessKeySecret"],
        "role": role["Role"]["Arn"],
    } | payer


def second_account(admin: list[str]) -> dict[str, str]:
    def run(*arguments: str) -> dict:
        done = subprocess.run([*admin, *arguments, "--output", "json"], check=True, capture_output=True, text=True)
        return json.loads(done.stdout)

    run("account", "create", "payer", "--id", PAYER)
    key = run("access-key", "create", "--account", PAYER)["AccessKey"]
    return {"payer_account": PAYER, "payer_id": key["AccessKeyId"], "payer_secret": key["AccessKeySecret"]}
