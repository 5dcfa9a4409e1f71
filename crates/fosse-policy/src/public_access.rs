//! Block public access (access-control.md §2.5): new public grants are refused. That existing ones do not count is part of
//! [`decide`](crate::decide()).

use crate::acl::Acl;
use crate::denial::{Denial, Reason};
use crate::policy::Policy;

/// The refusal of a bucket ACL, where public access is blocked.
pub fn refused_bucket_acl(acl: Acl) -> Option<Denial> {
    (acl != Acl::Private).then(|| Reason::PublicBucketAcl.fixed())
}

/// The refusal of an object ACL, where public access is blocked.
pub fn refused_object_acl(acl: Acl) -> Option<Denial> {
    (acl != Acl::Private).then(|| Reason::PublicObjectAcl.fixed())
}

/// The refusal of a bucket policy, where public access is blocked.
pub fn refused_policy(policy: &Policy) -> Option<Denial> {
    policy.is_public().then(|| Reason::PublicPolicy.fixed())
}
