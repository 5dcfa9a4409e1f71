//! What conditions may ask about a request (access-control.md §3.6).

use std::net::IpAddr;

/// The facts behind condition keys. What is `None` or empty is absent. Facts that cost something to learn are needed
/// only when [`Policy::needs`](crate::Policy::needs) says so.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    /// `acs:SourceIp`: address of the client.
    pub source_ip: Option<IpAddr>,
    /// `acs:SourceVpc`, `acs:SourceVpcId`: the VPC that the request came in through.
    pub vpc: Option<&'a str>,
    /// `acs:UserAgent`.
    pub user_agent: Option<&'a str>,
    /// `acs:CurrentTime`, Unix seconds.
    pub now: Option<i64>,
    /// `acs:SecureTransport`: the request came over TLS.
    pub secure: Option<bool>,
    /// `acs:AccessId`: absent for anonymous callers.
    pub access_id: Option<&'a str>,
    /// `oss:Prefix`: of a listing; empty when the listing names none, absent for other operations.
    pub prefix: Option<&'a str>,
    /// `oss:Delimiter`: likewise.
    pub delimiter: Option<&'a str>,
    /// `oss:x-oss-acl`.
    pub acl: Option<&'a str>,
    /// `oss:x-oss-object-acl`.
    pub object_acl: Option<&'a str>,
    /// `oss:BucketTag/KEY`.
    pub bucket_tags: &'a [(String, String)],
    /// `oss:ExistingObjectTag/KEY`.
    pub existing_tags: &'a [(String, String)],
    /// `oss:RequestObjectTag/KEY`.
    pub request_tags: &'a [(String, String)],
    /// `sts:ExternalId` of AssumeRole.
    pub external_id: Option<&'a str>,
}

impl Context<'static> {
    /// Nothing is known.
    pub const UNKNOWN: Self = Self {
        source_ip: None,
        vpc: None,
        user_agent: None,
        now: None,
        secure: None,
        access_id: None,
        prefix: None,
        delimiter: None,
        acl: None,
        object_acl: None,
        bucket_tags: &[],
        existing_tags: &[],
        request_tags: &[],
        external_id: None,
    };
}

/// Facts that conditions of a policy ask for and that cost something to learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// [`Context::bucket_tags`].
    pub bucket_tags: bool,
    /// [`Context::existing_tags`]: the object has to be looked up.
    pub existing_tags: bool,
    /// [`Context::request_tags`]: headers or body have to be read.
    pub request_tags: bool,
    /// Any other fact.
    pub request: bool,
}

impl Needs {
    /// What either needs.
    pub fn and(self, other: Self) -> Self {
        Self {
            bucket_tags: self.bucket_tags || other.bucket_tags,
            existing_tags: self.existing_tags || other.existing_tags,
            request_tags: self.request_tags || other.request_tags,
            request: self.request || other.request,
        }
    }
}
