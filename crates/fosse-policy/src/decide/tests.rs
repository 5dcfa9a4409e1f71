use super::*;
use crate::Verdict;

const OWNER: &str = "1000000000000001";
const ROOT: Caller<'static> = Caller::Root { account: OWNER };
const STRANGER: Caller<'static> = Caller::Root {
    account: "2000000000000002",
};
const USER: Caller<'static> = Caller::User {
    account: OWNER,
    id: "300000000000000003",
    name: "alice",
    policies: &[],
};
const OTHERS: [Caller<'static>; 3] = [STRANGER, USER, Caller::Anonymous];
const ACLS: [Acl; 3] = [Acl::Private, Acl::PublicRead, Acl::PublicReadWrite];
const OBJECT_ACLS: [ObjectAcl; 4] = [
    ObjectAcl::Default,
    ObjectAcl::Own(Acl::Private),
    ObjectAcl::Own(Acl::PublicRead),
    ObjectAcl::Own(Acl::PublicReadWrite),
];
const DATA: [Access; 5] = [
    Access::Read,
    Access::Write,
    Access::ReadAcl,
    Access::WriteAcl,
    Access::Other,
];

fn bucket(acl: Acl) -> BucketFacts<'static> {
    BucketFacts::new("b", OWNER, acl)
}

fn on_object(caller: Caller<'static>, access: Access, acl: Acl, object: ObjectAcl) -> Decision {
    decide(&Facts::new(caller, "oss:X", access).on_object(bucket(acl), "k", object))
}

fn on_bucket(caller: Caller<'static>, access: Access, acl: Acl) -> Decision {
    decide(&Facts::new(caller, "oss:X", access).in_bucket(bucket(acl)))
}

fn reason(decision: &Decision) -> Option<Reason> {
    decision.denial().map(|denial| denial.reason)
}

#[test]
fn the_table_of_acls() {
    // bucket ACL, object ACL, anybody reads, anybody writes
    let cases = [
        ("private", "default", false, false),
        ("private", "private", false, false),
        ("private", "public-read", true, false),
        ("private", "public-read-write", true, true),
        ("public-read", "default", true, false),
        ("public-read", "private", false, false),
        ("public-read", "public-read", true, false),
        ("public-read", "public-read-write", true, true),
        ("public-read-write", "default", true, true),
        ("public-read-write", "private", false, false),
        ("public-read-write", "public-read", true, false),
        ("public-read-write", "public-read-write", true, true),
    ];
    let acl = |text: &str| match text {
        "private" => Acl::Private,
        "public-read" => Acl::PublicRead,
        "public-read-write" => Acl::PublicReadWrite,
        other => panic!("{other}"),
    };
    for (bucket, object, reads, writes) in cases {
        let object_acl = if object == "default" {
            ObjectAcl::Default
        } else {
            ObjectAcl::Own(acl(object))
        };
        for caller in OTHERS {
            let read = on_object(caller, Access::Read, acl(bucket), object_acl);
            assert_eq!(
                read.is_allowed(),
                reads,
                "{caller:?} reads {object} in {bucket}"
            );
            let write = on_object(caller, Access::Write, acl(bucket), object_acl);
            assert_eq!(
                write.is_allowed(),
                writes,
                "{caller:?} writes {object} in {bucket}"
            );
        }
    }
}

#[test]
fn the_owner_may_do_everything_to_its_own() {
    for acl in ACLS {
        for object in OBJECT_ACLS {
            for access in DATA {
                assert!(on_object(ROOT, access, acl, object).is_allowed());
            }
        }
        for access in [Access::List, Access::Manage] {
            assert!(on_bucket(ROOT, access, acl).is_allowed());
        }
    }
}

#[test]
fn no_acl_opens_listing_management_or_acls() {
    for acl in ACLS {
        for caller in OTHERS {
            let anonymous = matches!(caller, Caller::Anonymous);
            let list = reason(&on_bucket(caller, Access::List, acl));
            let expected = if anonymous {
                Reason::AnonymousListing
            } else {
                Reason::NotBucketOwner
            };
            assert_eq!(list, Some(expected));
            let manage = reason(&on_bucket(caller, Access::Manage, acl));
            let expected = if anonymous {
                Reason::AnonymousManagement
            } else {
                Reason::NotBucketOwner
            };
            assert_eq!(manage, Some(expected));
            for object in OBJECT_ACLS {
                for (access, expected) in [
                    (Access::ReadAcl, Reason::ReadAcl),
                    (Access::WriteAcl, Reason::WriteAcl),
                    (Access::Other, Reason::OwnerOnly),
                ] {
                    assert_eq!(
                        reason(&on_object(caller, access, acl, object)),
                        Some(expected)
                    );
                }
            }
        }
    }
}

#[test]
fn the_service_is_for_accounts() {
    for access in [Access::List, Access::Manage] {
        let at = |caller| decide(&Facts::new(caller, "oss:ListBuckets", access));
        assert!(at(ROOT).is_allowed() && at(STRANGER).is_allowed());
        assert_eq!(reason(&at(USER)), Some(Reason::NoRight));
        assert_eq!(
            reason(&at(Caller::Anonymous)),
            Some(Reason::AnonymousManagement)
        );
    }
}

#[test]
fn buckets_are_made_by_accounts() {
    let at = |caller| decide(&Facts::new(caller, "oss:PutBucket", Access::Manage).new_bucket("b"));
    assert!(at(ROOT).is_allowed() && at(STRANGER).is_allowed());
    assert_eq!(reason(&at(USER)), Some(Reason::NotBucketOwner));
    assert_eq!(
        reason(&at(Caller::Anonymous)),
        Some(Reason::AnonymousManagement)
    );
}

#[test]
fn an_object_without_a_bucket_is_nobodys() {
    for caller in [ROOT, STRANGER, USER, Caller::Anonymous] {
        let mut facts = Facts::new(caller, "oss:GetObject", Access::Read);
        facts.scope = Scope::Object;
        assert_eq!(reason(&decide(&facts)), Some(Reason::BucketAcl));
    }
}

#[test]
fn a_preflight_is_never_authorized() {
    for caller in [ROOT, STRANGER, USER, Caller::Anonymous] {
        assert!(
            on_object(caller, Access::Preflight, Acl::Private, ObjectAcl::Default).is_allowed()
        );
    }
}

#[test]
fn refusals_are_worded_as_documented() {
    let private = ObjectAcl::Own(Acl::Private);
    let readable = ObjectAcl::Own(Acl::PublicRead);
    let cases = [
        (
            on_object(STRANGER, Access::Read, Acl::Private, ObjectAcl::Default),
            "You have no right to access this object because of bucket acl.",
            "0003-00000001",
        ),
        (
            on_object(
                Caller::Anonymous,
                Access::Read,
                Acl::Private,
                ObjectAcl::Default,
            ),
            "You have no right to access this object because of bucket acl.",
            "0003-00000001",
        ),
        (
            on_object(Caller::Anonymous, Access::Read, Acl::PublicRead, private),
            "You have no right to access this object.",
            "0003-00000001",
        ),
        (
            on_object(STRANGER, Access::Write, Acl::PublicReadWrite, readable),
            "You do not have write permission on this object.",
            "0003-00000001",
        ),
        (
            on_object(STRANGER, Access::ReadAcl, Acl::PublicReadWrite, readable),
            "You do not have read acl permission on this object.",
            "0003-00000007",
        ),
        (
            on_object(
                Caller::Anonymous,
                Access::WriteAcl,
                Acl::PublicReadWrite,
                readable,
            ),
            "You do not have write acl permission on this object.",
            "0003-00000008",
        ),
        (
            on_object(
                Caller::Anonymous,
                Access::Other,
                Acl::PublicReadWrite,
                readable,
            ),
            "Anonymous user has no right to access this object.",
            "0003-00000001",
        ),
        (
            on_bucket(Caller::Anonymous, Access::List, Acl::PublicRead),
            "Anonymous user has no right to access this bucket.",
            "0003-00000001",
        ),
        (
            on_bucket(Caller::Anonymous, Access::Manage, Acl::PublicReadWrite),
            "Anonymous access is forbidden for this operation.",
            "0003-00000001",
        ),
        (
            on_bucket(STRANGER, Access::Manage, Acl::PublicReadWrite),
            "The bucket you access does not belong to you.",
            "0003-00000001",
        ),
    ];
    for (decision, message, ec) in cases {
        let denial = decision.denial().expect("a refusal");
        assert_eq!((denial.message, denial.ec), (message, Some(ec)));
    }
}

#[test]
fn the_trace_ends_with_what_decided() {
    let steps = |decision: Decision| decision.trace.steps().collect::<Vec<_>>();
    let step = |rule, verdict| Step {
        rule,
        verdict,
        source: None,
    };
    assert_eq!(
        steps(on_object(
            STRANGER,
            Access::Read,
            Acl::PublicRead,
            ObjectAcl::Default
        )),
        [
            step(Rule::Owner, Verdict::Ignore),
            step(Rule::ObjectAcl, Verdict::Ignore),
            step(Rule::BucketAcl, Verdict::Allow),
        ]
    );
    assert_eq!(
        steps(on_object(
            STRANGER,
            Access::Write,
            Acl::PublicReadWrite,
            ObjectAcl::Own(Acl::Private)
        )),
        [
            step(Rule::Owner, Verdict::Ignore),
            step(Rule::ObjectAcl, Verdict::Deny)
        ]
    );
    assert_eq!(
        steps(on_bucket(ROOT, Access::Manage, Acl::Private)),
        [step(Rule::Owner, Verdict::Allow)]
    );
}

/// For every combination: the last step says what was decided, no step before it did, and an ACL that opens more never
/// takes anything away.
#[test]
fn decisions_are_consistent_and_monotonic() {
    let callers = [ROOT, STRANGER, USER, Caller::Anonymous];
    for caller in callers {
        for access in DATA {
            for object in OBJECT_ACLS {
                let allowed: Vec<bool> = ACLS
                    .iter()
                    .map(|acl| {
                        let decision = on_object(caller, access, *acl, object);
                        let steps: Vec<_> = decision.trace.steps().collect();
                        let (last, before) = steps.split_last().expect("a step");
                        let expected = if decision.is_allowed() {
                            Verdict::Allow
                        } else {
                            Verdict::Deny
                        };
                        assert_eq!(last.verdict, expected);
                        assert!(before.iter().all(|step| step.verdict == Verdict::Ignore));
                        decision.is_allowed()
                    })
                    .collect();
                assert!(
                    allowed.is_sorted(),
                    "{caller:?} {access:?} {object:?}: {allowed:?}"
                );
            }
        }
    }
}
