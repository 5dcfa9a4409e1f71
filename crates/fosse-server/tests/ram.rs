//! RAM: users, keys, groups, roles, policies, and the refusals that clients act on.

mod support;

use serde_json::Value;
use support::rpc::{Key, Way, grant, json, policy, user};
use support::*;

const RAM: &str = "2015-05-01";

fn names(answer: &Value, list: &str, item: &str, name: &str) -> Vec<String> {
    answer[list][item]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry[name].as_str().unwrap().to_owned())
        .collect()
}

fn error(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[test]
fn a_user_from_birth_to_death() {
    let server = Server::start();
    let root = Key::root();
    let made = root.ram(
        &server,
        "CreateUser",
        &[
            ("UserName", "alice"),
            ("DisplayName", "Alice ü"),
            ("Email", "a@example.com"),
        ],
    );
    let made = &made["User"];
    assert_eq!(made["UserId"].as_str().unwrap().len(), 18);
    assert_eq!(made["DisplayName"], "Alice ü");
    assert!(made["CreateDate"].as_str().unwrap().ends_with('Z'));
    assert_eq!(
        root.ram_error(&server, "CreateUser", &[("UserName", "ALICE")]),
        error(409, "EntityAlreadyExists.User")
    );
    let got = root.ram(&server, "GetUser", &[("UserName", "Alice")]);
    assert_eq!(got["User"]["UserId"], made["UserId"]);
    let changed = root.ram(
        &server,
        "UpdateUser",
        &[
            ("UserName", "alice"),
            ("NewUserName", "alice2"),
            ("NewComments", "c"),
        ],
    );
    assert_eq!(changed["User"]["UserName"], "alice2");
    assert_eq!(changed["User"]["UserId"], made["UserId"]);
    assert_eq!(changed["User"]["Email"], "a@example.com");
    let missing = error(404, "EntityNotExist.User");
    for action in [
        "GetUser",
        "UpdateUser",
        "DeleteUser",
        "CreateAccessKey",
        "ListPoliciesForUser",
    ] {
        assert_eq!(
            root.ram_error(&server, action, &[("UserName", "alice")]),
            missing,
            "{action}"
        );
    }
    let user = [("UserName", "alice2")];
    let key = root.ram(&server, "CreateAccessKey", &user);
    root.ram(&server, "CreateAccessKey", &user);
    assert_eq!(
        root.ram_error(&server, "CreateAccessKey", &user),
        error(409, "LimitExceeded.User.AccessKey")
    );
    let keys = root.ram(&server, "ListAccessKeys", &user);
    assert_eq!(
        names(&keys, "AccessKeys", "AccessKey", "Status"),
        ["Active", "Active"]
    );
    assert!(
        !keys
            .to_string()
            .contains(key["AccessKey"]["AccessKeySecret"].as_str().unwrap())
    );
    assert_eq!(
        root.ram_error(&server, "DeleteUser", &user),
        error(409, "DeleteConflict.User.AccessKey")
    );
    for id in names(&keys, "AccessKeys", "AccessKey", "AccessKeyId") {
        root.ram(
            &server,
            "DeleteAccessKey",
            &[user[0], ("UserAccessKeyId", &id)],
        );
    }
    let attachment = [
        user[0],
        ("PolicyType", "System"),
        ("PolicyName", "AliyunOSSFullAccess"),
    ];
    root.ram(&server, "AttachPolicyToUser", &attachment);
    assert_eq!(
        root.ram_error(&server, "AttachPolicyToUser", &attachment),
        error(409, "EntityAlreadyExists.User.Policy")
    );
    assert_eq!(
        root.ram_error(&server, "DeleteUser", &user),
        error(409, "DeleteConflict.User.Policy")
    );
    root.ram(&server, "DetachPolicyFromUser", &attachment);
    assert_eq!(
        root.ram_error(&server, "DetachPolicyFromUser", &attachment),
        error(404, "EntityNotExist.User.Policy")
    );
    root.ram(&server, "CreateGroup", &[("GroupName", "staff")]);
    let member = [user[0], ("GroupName", "staff")];
    root.ram(&server, "AddUserToGroup", &member);
    assert_eq!(
        root.ram_error(&server, "AddUserToGroup", &member),
        error(409, "EntityAlreadyExists.User.Group")
    );
    assert_eq!(
        root.ram_error(&server, "DeleteUser", &user),
        error(409, "DeleteConflict.User.Group")
    );
    assert_eq!(
        root.ram_error(&server, "DeleteGroup", &[("GroupName", "staff")]),
        error(409, "DeleteConflict.Group.User")
    );
    let groups = root.ram(&server, "ListGroupsForUser", &user);
    assert_eq!(names(&groups, "Groups", "Group", "GroupName"), ["staff"]);
    let users = root.ram(&server, "ListUsersForGroup", &[("GroupName", "staff")]);
    assert_eq!(names(&users, "Users", "User", "UserName"), ["alice2"]);
    root.ram(&server, "RemoveUserFromGroup", &member);
    root.ram(&server, "DeleteGroup", &[("GroupName", "staff")]);
    for action in ["GetLoginProfile", "DeleteLoginProfile"] {
        assert_eq!(
            root.ram_error(&server, action, &user),
            error(404, "EntityNotExist.User.LoginProfile")
        );
    }
    root.ram(&server, "DeleteUser", &user);
    assert_eq!(root.ram_error(&server, "DeleteUser", &user), missing);
    let users = root.ram(&server, "ListUsers", &[]);
    assert_eq!(users["Users"]["User"].as_array().unwrap().len(), 0);
}

#[test]
fn policies_have_versions() {
    let server = Server::start();
    let root = Key::root();
    let name = ("PolicyName", "own");
    let (read, write) = (
        policy("Allow", "oss:Get*", "*"),
        policy("Allow", "oss:Put*", "*"),
    );
    for (text, code) in [
        ("{}", "MalformedPolicyDocument"),
        ("", "MissingPolicyDocument"),
        (&*" ".repeat(6145), "InvalidParameter.PolicyDocument.Length"),
    ] {
        assert_eq!(
            root.ram_error(&server, "CreatePolicy", &[name, ("PolicyDocument", text)]),
            error(400, code)
        );
    }
    root.ram(
        &server,
        "CreatePolicy",
        &[name, ("PolicyDocument", &read), ("Description", "d")],
    );
    let again = [name, ("PolicyDocument", &*read)];
    assert_eq!(
        root.ram_error(&server, "CreatePolicy", &again),
        error(409, "EntityAlreadyExists.Policy")
    );
    let custom = [name, ("PolicyType", "Custom")];
    let got = root.ram(&server, "GetPolicy", &custom);
    assert_eq!(got["DefaultPolicyVersion"]["PolicyDocument"], read.as_str());
    assert_eq!(got["Policy"]["DefaultVersion"], "v1");
    for _ in 2..=5 {
        root.ram(
            &server,
            "CreatePolicyVersion",
            &[name, ("PolicyDocument", &write)],
        );
    }
    let more = [name, ("PolicyDocument", &*write)];
    assert_eq!(
        root.ram_error(&server, "CreatePolicyVersion", &more),
        error(409, "LimitExceeded.Policy.Version")
    );
    let rotated = root.ram(
        &server,
        "CreatePolicyVersion",
        &[
            more[0],
            more[1],
            ("SetAsDefault", "true"),
            (
                "RotateStrategy",
                "DeleteOldestNonDefaultVersionWhenLimitExceeded",
            ),
        ],
    );
    assert_eq!(rotated["PolicyVersion"]["VersionId"], "v6");
    let versions = root.ram(&server, "ListPolicyVersions", &custom);
    assert_eq!(
        names(&versions, "PolicyVersions", "PolicyVersion", "VersionId"),
        ["v1", "v3", "v4", "v5", "v6"]
    );
    let version = |id| [name, ("VersionId", id)];
    assert_eq!(
        root.ram_error(&server, "DeletePolicyVersion", &version("v6")),
        error(409, "DeleteConflict.Policy.Version.Default")
    );
    assert_eq!(
        root.ram_error(&server, "DeletePolicyVersion", &version("v2")),
        error(404, "EntityNotExist.Policy.Version")
    );
    assert_eq!(
        root.ram_error(&server, "DeletePolicy", &[name]),
        error(409, "DeleteConflict.Policy.Version")
    );
    root.ram(&server, "SetDefaultPolicyVersion", &version("v1"));
    let v1 = [name, ("PolicyType", "Custom"), ("VersionId", "v1")];
    assert_eq!(
        root.ram(&server, "GetPolicyVersion", &v1)["PolicyVersion"]["IsDefaultVersion"],
        true
    );
    for id in ["v3", "v4", "v5", "v6"] {
        root.ram(&server, "DeletePolicyVersion", &version(id));
    }
    root.ram(&server, "CreateRole", &[("RoleName", "r")]);
    let attachment = [custom[0], custom[1], ("RoleName", "r")];
    root.ram(&server, "AttachPolicyToRole", &attachment);
    let holders = root.ram(&server, "ListEntitiesForPolicy", &custom);
    assert_eq!(names(&holders, "Roles", "Role", "RoleName"), ["r"]);
    assert_eq!(
        root.ram_error(&server, "DeletePolicy", &[name]),
        error(409, "DeleteConflict.Policy.Role")
    );
    assert_eq!(
        root.ram_error(&server, "DeleteRole", &[("RoleName", "r")]),
        error(409, "DeleteConflict.Role.Policy")
    );
    let held = root.ram(&server, "ListPoliciesForRole", &[("RoleName", "R")]);
    assert_eq!(names(&held, "Policies", "Policy", "PolicyName"), ["own"]);
    root.ram(&server, "DetachPolicyFromRole", &attachment);
    root.ram(&server, "DeletePolicy", &[name]);
    assert_eq!(
        root.ram_error(&server, "GetPolicy", &custom),
        error(404, "EntityNotExist.Policy")
    );
    let system = root.ram(&server, "ListPolicies", &[("PolicyType", "System")]);
    let system = names(&system, "Policies", "Policy", "PolicyName");
    for name in [
        "AliyunOSSFullAccess",
        "AliyunOSSReadOnlyAccess",
        "AliyunSTSAssumeRoleAccess",
    ] {
        assert!(system.iter().any(|other| other == name));
    }
}

#[test]
fn roles_say_who_may_take_them_on() {
    let server = Server::start();
    let root = Key::root();
    let made = root.ram(&server, "CreateRole", &[("RoleName", "Admin-Role")]);
    let role = &made["Role"];
    assert_eq!(role["Arn"], format!("acs:ram::{OWNER}:role/admin-role"));
    assert_eq!(role["MaxSessionDuration"], 3600);
    let trust = role["AssumeRolePolicyDocument"].as_str().unwrap();
    assert!(trust.contains(&format!("acs:ram::{OWNER}:root")));
    for (name, value, code) in [
        (
            "NewAssumeRolePolicyDocument",
            "{}",
            "MalformedPolicyDocument",
        ),
        (
            "NewMaxSessionDuration",
            "3599",
            "InvalidParameter.NewMaxSessionDuration",
        ),
        (
            "NewMaxSessionDuration",
            "43201",
            "InvalidParameter.NewMaxSessionDuration",
        ),
    ] {
        assert_eq!(
            root.ram_error(
                &server,
                "UpdateRole",
                &[("RoleName", "admin-role"), (name, value)]
            ),
            error(400, code)
        );
    }
    let changed = [
        ("RoleName", "admin-role"),
        ("NewMaxSessionDuration", "43200"),
    ];
    assert_eq!(
        root.ram(&server, "UpdateRole", &changed)["Role"]["MaxSessionDuration"],
        43200
    );
    assert_eq!(
        root.ram_error(&server, "CreateRole", &[("RoleName", "ADMIN-role")]),
        error(409, "EntityAlreadyExists.Role")
    );
    root.ram(&server, "DeleteRole", &[("RoleName", "Admin-Role")]);
    assert_eq!(
        root.ram_error(&server, "GetRole", &[("RoleName", "Admin-Role")]),
        error(404, "EntityNotExist.Role")
    );
}

#[test]
fn listings_come_in_pages() {
    let server = Server::start();
    let root = Key::root();
    for at in 0..7 {
        root.ram(&server, "CreateUser", &[("UserName", &format!("user{at}"))]);
    }
    let mut seen = Vec::new();
    let mut marker = None::<String>;
    loop {
        let mut params = vec![("MaxItems", "3")];
        if let Some(marker) = &marker {
            params.push(("Marker", marker));
        }
        let page = root.ram(&server, "ListUsers", &params);
        seen.extend(names(&page, "Users", "User", "UserName"));
        if page["IsTruncated"] == false {
            assert!(page["Marker"].is_null());
            break;
        }
        marker = Some(page["Marker"].as_str().unwrap().to_owned());
    }
    assert_eq!(
        seen,
        [
            "user0", "user1", "user2", "user3", "user4", "user5", "user6"
        ]
    );
}

#[test]
fn users_administer_what_they_may() {
    let server = Server::start();
    let (_, alice) = user(&server, "alice");
    let (_, bob) = user(&server, "bob");
    let forbidden = error(403, "NoPermission");
    assert_eq!(alice.ram_error(&server, "ListUsers", &[]), forbidden);
    assert_eq!(
        alice.ram_error(&server, "CreateUser", &[("UserName", "eve")]),
        forbidden
    );
    let own = policy(
        "Allow",
        "ram:*AccessKey*",
        &format!("acs:ram:*:{OWNER}:user/alice"),
    );
    grant(&server, "User", "alice", "own-keys", &own);
    assert_eq!(alice.ram_error(&server, "ListUsers", &[]), forbidden);
    let keys = alice.ram(&server, "ListAccessKeys", &[("UserName", "alice")]);
    assert_eq!(
        names(&keys, "AccessKeys", "AccessKey", "AccessKeyId"),
        [alice.id.as_str()]
    );
    assert_eq!(
        alice.ram_error(&server, "CreateAccessKey", &[("UserName", "bob")]),
        forbidden
    );
    // Attaching needs the user as well as the policy.
    let attach = policy(
        "Allow",
        "ram:Attach*",
        &format!("acs:ram:*:{OWNER}:user/bob"),
    );
    grant(&server, "User", "alice", "attach", &attach);
    let attachment = [
        ("UserName", "bob"),
        ("PolicyType", "System"),
        ("PolicyName", "AdministratorAccess"),
    ];
    assert_eq!(
        alice.ram_error(&server, "AttachPolicyToUser", &attachment),
        forbidden
    );
    // An administrator may everything but what only operators have.
    Key::root().ram(&server, "AttachPolicyToUser", &attachment);
    bob.ram(&server, "ListUsers", &[]);
    for action in ["ListAccounts", "CreateAccount", "PutInlinePolicy"] {
        for key in [&bob, &Key::root()] {
            assert_eq!(
                key.ram_error(&server, action, &[]),
                error(404, "InvalidAction.NotFound")
            );
        }
    }
    // Another account has its own users.
    let other = Key::new(OTHER_ID, OTHER_SECRET);
    let users = other.ram(&server, "ListUsers", &[]);
    assert_eq!(users["Users"]["User"].as_array().unwrap().len(), 0);
    assert_eq!(
        other.ram_error(&server, "GetUser", &[("UserName", "alice")]),
        error(404, "EntityNotExist.User")
    );
}

#[test]
fn keys_tell_when_they_were_used() {
    let server = Server::start();
    let (_, alice) = user(&server, "alice");
    let root = Key::root();
    let params = [
        ("UserName", "alice"),
        ("UserAccessKeyId", alice.id.as_str()),
    ];
    let used = || root.ram(&server, "GetAccessKeyLastUsed", &params)["AccessKeyLastUsed"].clone();
    assert!(used()["LastUsedDate"].is_null());
    alice.try_sts(&server, "GetCallerIdentity", &[]);
    assert!(used()["LastUsedDate"].as_str().unwrap().ends_with('Z'));
    let foreign = [("UserName", "alice"), ("UserAccessKeyId", ID)];
    assert_eq!(
        root.ram_error(&server, "GetAccessKeyLastUsed", &foreign),
        error(404, "EntityNotExist.User.AccessKey")
    );
}

#[test]
fn last_uses_are_written_down_at_shutdown() {
    let mut server = Server::start();
    let (_, alice) = user(&server, "alice");
    alice.try_sts(&server, "GetCallerIdentity", &[]);
    assert_eq!(
        server.store.last_used(&alice.id),
        None,
        "not a write a request"
    );
    server.stop();
    assert!(server.store.last_used(&alice.id).is_some());
}

#[test]
fn the_root_key_stays() {
    let server = Server::start();
    let root = Key::root();
    let params = [("UserAccessKeyId", ID), ("Status", "Inactive")];
    assert_eq!(
        root.ram_error(&server, "UpdateAccessKey", &params),
        error(409, "DeleteConflict.Account.RootAccessKey")
    );
    assert_eq!(
        root.ram_error(&server, "DeleteAccessKey", &params[..1]),
        error(409, "DeleteConflict.Account.RootAccessKey")
    );
    // Another key of the account is as good, and goes.
    let made = root.ram(&server, "CreateAccessKey", &[]);
    let second = Key::of(&made["AccessKey"]);
    second.ram(&server, "ListUsers", &[]);
    second.ram(
        &server,
        "DeleteAccessKey",
        &[("UserAccessKeyId", &second.id)],
    );
    assert_eq!(second.ram_error(&server, "ListUsers", &[]).0, 404);
}

#[test]
fn aliases_and_unknown_versions() {
    let server = Server::start();
    let root = Key::root();
    assert_eq!(
        root.ram(&server, "GetAccountAlias", &[])["AccountAlias"],
        OWNER
    );
    root.ram(
        &server,
        "SetAccountAlias",
        &[("AccountAlias", "my-company")],
    );
    assert_eq!(
        root.ram(&server, "GetAccountAlias", &[])["AccountAlias"],
        "my-company"
    );
    root.ram(&server, "ClearAccountAlias", &[]);
    assert_eq!(
        root.ram(&server, "GetAccountAlias", &[])["AccountAlias"],
        OWNER
    );
    let reply = root.call(&server, Way::Form, "ListUsers", "2001-01-01", &[]);
    let (status, answer) = json(&reply);
    assert_eq!(
        (status, answer["Code"].as_str()),
        (404, Some("InvalidVersion"))
    );
    for way in [Way::Get, Way::Json, Way::Acs3] {
        assert_eq!(
            root.call(&server, way, "ListUsers", RAM, &[]).status,
            200,
            "{way:?}"
        );
    }
}
