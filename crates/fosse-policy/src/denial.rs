//! Refusals as OSS words them (access-control.md §10).

use crate::acl::{Acl, ObjectAcl};
use crate::caller::Caller;
use crate::decide::{Access, Decision, Facts};
use crate::referer::RefererFault;

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The policy of the session denies, or does not allow.
    SessionPolicy {
        /// It denies.
        explicit: bool,
    },
    /// A policy of the identity denies.
    RamPolicy,
    /// The bucket's policy denies.
    BucketPolicy,
    /// Both deny.
    BothPolicies,
    /// An anonymous caller asked for a management operation.
    AnonymousManagement,
    /// An anonymous caller asked for a listing.
    AnonymousListing,
    /// A service operation that nothing allows.
    NoRight,
    /// A bucket operation by somebody who is not the owner.
    NotBucketOwner,
    /// The bucket's ACL does not open the object.
    BucketAcl,
    /// The object's own ACL does not open it.
    ObjectAcl,
    /// Only the owner reads this ACL.
    ReadAcl,
    /// Only the owner changes this ACL.
    WriteAcl,
    /// Only the owner does this to an object.
    OwnerOnly,
    /// A public bucket ACL where public access is blocked.
    PublicBucketAcl,
    /// A public object ACL where public access is blocked.
    PublicObjectAcl,
    /// A public bucket policy where public access is blocked.
    PublicPolicy,
    /// The requester pays, and did not agree to.
    RequesterPays,
    /// The Referer is not let in.
    Referer(RefererFault),
}

/// A refusal: 403 `AccessDenied`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Denial {
    /// Message for the caller.
    pub message: &'static str,
    /// EC, where one is known.
    pub ec: Option<&'static str>,
    /// Reason, for logs and tests.
    pub reason: Reason,
}

/// `AccessDeniedDetail` of a refusal by policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessDeniedDetail {
    /// `PolicyType`: which kind of policy refused.
    pub policy_type: &'static str,
    /// `AuthPrincipalOwnerId`: account of the caller; `None` for anonymous callers, like the next two.
    pub owner_id: Option<String>,
    /// `AuthPrincipalType`.
    pub principal_type: Option<&'static str>,
    /// `AuthPrincipalDisplayName`.
    pub display_name: Option<String>,
    /// `NoPermissionType`: `ExplicitDeny` or `ImplicitDeny`.
    pub no_permission_type: &'static str,
    /// `AuthAction`.
    pub action: String,
}

const GENERAL: &str = "0003-00000001";

impl Reason {
    /// The refusal of a request with these facts.
    pub(crate) fn denial(self, facts: &Facts<'_>) -> Denial {
        let anonymous = matches!(facts.caller, Caller::Anonymous);
        let (message, ec) = match self {
            Reason::ObjectAcl if facts.object_acl == ObjectAcl::Own(Acl::Private) => {
                ("You have no right to access this object.", GENERAL)
            }
            Reason::ObjectAcl if facts.access == Access::Read => {
                ("You do not have read permission on this object.", GENERAL)
            }
            Reason::ObjectAcl => ("You do not have write permission on this object.", GENERAL),
            Reason::OwnerOnly if anonymous => (
                "Anonymous user has no right to access this object.",
                GENERAL,
            ),
            other => return other.fixed(),
        };
        Denial {
            message,
            ec: Some(ec),
            reason: self,
        }
    }

    /// The refusal where the reason alone tells it.
    pub(crate) fn fixed(self) -> Denial {
        let (message, ec) = match self {
            Reason::SessionPolicy { .. } => (
                "Access denied by authorizer's policy.",
                Some("0003-00000301"),
            ),
            Reason::RamPolicy => ("Access denied by bucket policy.", Some("0003-00000201")),
            Reason::BucketPolicy => ("Access denied by bucket policy.", Some("0003-00000202")),
            Reason::BothPolicies => ("Access denied by bucket policy.", Some("0003-00000203")),
            Reason::AnonymousManagement => (
                "Anonymous access is forbidden for this operation.",
                Some(GENERAL),
            ),
            Reason::AnonymousListing => (
                "Anonymous user has no right to access this bucket.",
                Some(GENERAL),
            ),
            Reason::NoRight => ("AccessDenied", Some(GENERAL)),
            Reason::NotBucketOwner => (
                "The bucket you access does not belong to you.",
                Some(GENERAL),
            ),
            Reason::BucketAcl => (
                "You have no right to access this object because of bucket acl.",
                Some(GENERAL),
            ),
            Reason::ObjectAcl | Reason::OwnerOnly => {
                ("You have no right to access this object.", Some(GENERAL))
            }
            Reason::ReadAcl => (
                "You do not have read acl permission on this object.",
                Some("0003-00000007"),
            ),
            Reason::WriteAcl => (
                "You do not have write acl permission on this object.",
                Some("0003-00000008"),
            ),
            Reason::PublicBucketAcl => ("Put public bucket acl is not allowed", None),
            Reason::PublicObjectAcl => ("Put public object acl is not allowed", None),
            Reason::PublicPolicy => ("Put public bucket policy is not allowed", None),
            Reason::RequesterPays => (
                "Access denied for requester pay bucket",
                Some("0003-00000703"),
            ),
            Reason::Referer(fault) => {
                ("You are denied by bucket referer policy.", Some(fault.ec()))
            }
        };
        Denial {
            message,
            ec,
            reason: self,
        }
    }
}

impl Decision {
    /// What the refusal's body says about the policies: for every refusal by a policy, and for users and sessions of
    /// the owner's account also where no policy allowed it. `None` where an ACL or ownership refused.
    pub fn detail(&self, facts: &Facts<'_>) -> Option<AccessDeniedDetail> {
        let identity = match facts.caller {
            Caller::Session { .. } => "AssumeRolePolicy",
            _ => "AccountLevelIdentityBasedPolicy",
        };
        let (policy_type, explicit) = match self.denial()?.reason {
            Reason::SessionPolicy { explicit } => ("SessionPolicy", explicit),
            Reason::RamPolicy | Reason::BothPolicies => (identity, true),
            Reason::BucketPolicy => ("ResourceBasedPolicy", true),
            _ => match facts.caller {
                Caller::User { account, .. } | Caller::Session { account, .. }
                    if facts.owner() == Some(account) =>
                {
                    (identity, false)
                }
                _ => return None,
            },
        };
        Some(AccessDeniedDetail {
            policy_type,
            owner_id: facts.caller.account().map(str::to_owned),
            principal_type: facts.caller.type_name(),
            display_name: facts
                .caller
                .type_name()
                .map(|_| facts.caller.display_name()),
            no_permission_type: if explicit {
                "ExplicitDeny"
            } else {
                "ImplicitDeny"
            },
            action: facts.action.to_owned(),
        })
    }
}
