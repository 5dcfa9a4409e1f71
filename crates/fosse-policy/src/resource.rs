//! Resources: what a request addresses, and the patterns of policies (access-control.md §3.3).
//!
//! A pattern is matched field by field and never as one text: a star in the owner's place cannot reach into a key that
//! happens to hold colons.

use crate::glob::Glob;
use crate::lower::Lower;
use smallvec::SmallVec;

/// What a request addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource<'a> {
    /// The OSS service: `acs:oss:REGION:ACCOUNT:*`.
    Service,
    /// A bucket: `acs:oss:REGION:OWNER:BUCKET`.
    Bucket(&'a str),
    /// An object: `acs:oss:REGION:OWNER:BUCKET/KEY`, the key decoded.
    Object(&'a str, &'a str),
    /// Something of the RAM service: `acs:ram::ACCOUNT:NAME`, e.g. `role/reader`. Compared regardless of case.
    Ram(&'a str),
}

/// Where a resource is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// Region id; empty for RAM.
    pub region: &'a str,
    /// Account that owns it.
    pub account: &'a str,
}

/// A compiled resource of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "most are of the large kind")]
pub(crate) enum ResourcePattern {
    /// `*`.
    Any,
    Of {
        service: Service,
        /// `None`: any.
        region: Option<Glob>,
        /// `None`: any.
        account: Option<Glob>,
        name: NamePattern,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Any,
    Oss,
    Ram,
    /// A service that Fosse does not have.
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NamePattern {
    Any,
    /// A bucket without wildcards: itself, or (`Some`) keys in it.
    In(Box<str>, Option<Glob>),
    /// A star before any `/`: matched with `BUCKET/KEY`.
    Whole(Glob),
}

impl ResourcePattern {
    /// Reads a resource. Fields may be missing at the end only behind a `*`, as in `acs:oss:*`.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        if text == "*" {
            return Ok(Self::Any);
        }
        let bad = "a resource is \"*\" or acs:SERVICE:REGION:ACCOUNT:NAME";
        let mut fields = text.splitn(5, ':');
        if fields.next() != Some("acs") {
            return Err(bad);
        }
        let (service, region, account, name) =
            (fields.next(), fields.next(), fields.next(), fields.next());
        let last = name.or(account).or(region).or(service);
        if name.is_none() && last != Some("*") || name == Some("") {
            return Err(bad);
        }
        let open = |field: Option<&str>| match field {
            None | Some("*") => None,
            Some(text) => Some(Glob::stars(text)),
        };
        let service = match service {
            Some("*") => Service::Any,
            Some("oss") => Service::Oss,
            Some("ram") => Service::Ram,
            Some("") | None => return Err(bad),
            Some(_) => Service::Other,
        };
        let lowered = match (service, name) {
            (Service::Ram, Some(name)) => Some(name.to_ascii_lowercase()),
            _ => None,
        };
        Ok(Self::Of {
            service,
            region: open(region),
            account: open(account),
            name: NamePattern::new(lowered.as_deref().or(name).unwrap_or("*")),
        })
    }

    pub(crate) fn matches(&self, resource: &Resource<'_>, place: &Place<'_>) -> bool {
        let Self::Of {
            service,
            region,
            account,
            name,
        } = self
        else {
            return true;
        };
        let fits = match resource {
            Resource::Ram(_) => matches!(service, Service::Ram | Service::Any),
            _ => matches!(service, Service::Oss | Service::Any),
        };
        fits && name.matches(resource)
            && account.as_ref().is_none_or(|glob| glob.matches(place.account))
            // RAM knows no regions.
            && (matches!(resource, Resource::Ram(_))
                || region.as_ref().is_none_or(|glob| glob.matches(place.region)))
    }

    /// Whether it can mean the bucket or something in it.
    pub(crate) fn touches(&self, bucket: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Of { service, .. } if !matches!(service, Service::Oss | Service::Any) => false,
            Self::Of { name, .. } => match name {
                NamePattern::Any => true,
                NamePattern::In(name, _) => **name == *bucket,
                NamePattern::Whole(glob) => {
                    glob.matches(bucket) || glob.may_begin_with(&format!("{bucket}/"))
                }
            },
        }
    }
}

impl NamePattern {
    fn new(text: &str) -> Self {
        let (bucket, key) = match text.split_once('/') {
            Some((bucket, key)) => (bucket, Some(key)),
            None => (text, None),
        };
        if text == "*" {
            Self::Any
        } else if bucket.contains('*') {
            Self::Whole(Glob::stars(text))
        } else {
            Self::In(bucket.into(), key.map(Glob::stars))
        }
    }

    fn matches(&self, resource: &Resource<'_>) -> bool {
        match (self, *resource) {
            (Self::Any, _) => true,
            (Self::In(name, None), Resource::Bucket(bucket)) => **name == *bucket,
            (Self::In(name, Some(keys)), Resource::Object(bucket, key)) => {
                **name == *bucket && keys.matches(key)
            }
            (Self::Whole(glob), Resource::Service) => glob.matches("*"),
            (Self::Whole(glob), Resource::Bucket(bucket)) => glob.matches(bucket),
            // Most keys differ at their end, which is cheap to see.
            (Self::Whole(glob), Resource::Object(_, key)) if !glob.may_end_with(key) => false,
            (Self::Whole(glob), Resource::Object(bucket, key)) => {
                let mut name: SmallVec<[u8; 2048]> = SmallVec::from_slice(bucket.as_bytes());
                name.push(b'/');
                name.extend_from_slice(key.as_bytes());
                // Three texts that are UTF-8.
                std::str::from_utf8(&name).is_ok_and(|name| glob.matches(name))
            }
            (Self::In(first, rest), Resource::Ram(name)) => {
                let lower = Lower::of(name);
                match (lower.as_str().split_once('/'), rest) {
                    (Some((kind, name)), Some(rest)) => **first == *kind && rest.matches(name),
                    (None, None) => **first == *lower.as_str(),
                    _ => false,
                }
            }
            (Self::Whole(glob), Resource::Ram(name)) => glob.matches(Lower::of(name).as_str()),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place<'static> = Place {
        region: "cn-hangzhou",
        account: "1000000000000001",
    };

    #[test]
    fn what_a_resource_means() {
        let (service, bucket, object) = (
            Resource::Service,
            Resource::Bucket("b"),
            Resource::Object("b", "a/x:y"),
        );
        let cases = [
            ("*", [true, true, true]),
            ("acs:*", [true, true, true]),
            ("acs:oss:*", [true, true, true]),
            ("acs:oss:*:*", [true, true, true]),
            ("acs:oss:*:*:*", [true, true, true]),
            ("acs:oss:*:*:b", [false, true, false]),
            ("acs:oss:*:*:b/*", [false, false, true]),
            ("acs:oss:*:*:b*", [false, true, true]),
            ("acs:oss:*:*:b/a/*", [false, false, true]),
            ("acs:oss:*:*:b/a/x:y", [false, false, true]),
            ("acs:oss:*:*:b/A/*", [false, false, false]),
            ("acs:oss:*:*:B", [false, false, false]),
            ("acs:oss:*:*:*/a/*", [false, false, true]),
            ("acs:oss:*:*:c*", [false, false, false]),
            ("acs:oss:cn-hangzhou:*:b", [false, true, false]),
            ("acs:oss:cn-*:*:b", [false, true, false]),
            ("acs:oss:cn-beijing:*:b", [false, false, false]),
            ("acs:oss:*:1000000000000001:b", [false, true, false]),
            ("acs:oss:*:2000000000000002:b", [false, false, false]),
            ("acs:ram:*:*:*", [false, false, false]),
            ("acs:ecs:*:*:*", [false, false, false]),
        ];
        for (text, matches) in cases {
            let pattern = ResourcePattern::parse(text).unwrap();
            let found = [service, bucket, object].map(|resource| pattern.matches(&resource, &HERE));
            assert_eq!(found, matches, "{text}");
        }
    }

    /// Matched as one text, the stars for region and owner would reach to the colons in the key.
    #[test]
    fn a_key_cannot_pose_as_another_bucket() {
        let pattern = ResourcePattern::parse("acs:oss:*:*:mine/*").unwrap();
        assert!(!pattern.matches(&Resource::Object("other", "x:mine/secret"), &HERE));
    }

    #[test]
    fn resources_of_ram() {
        let role = Resource::Ram("role/Reader");
        let cases = [
            ("*", true),
            ("acs:ram::1000000000000001:role/reader", true),
            ("acs:ram:*:1000000000000001:role/READER", true),
            ("acs:ram::*:role/*", true),
            ("acs:ram::*:*", true),
            ("acs:ram::*:user/*", false),
            ("acs:ram::2000000000000002:role/reader", false),
            ("acs:oss:*:*:*", false),
        ];
        for (text, matches) in cases {
            let pattern = ResourcePattern::parse(text).unwrap();
            assert_eq!(pattern.matches(&role, &HERE), matches, "{text}");
        }
    }

    #[test]
    fn what_is_no_resource() {
        for text in [
            "",
            "b/*",
            "acs:oss:b",
            "acs:oss:*:b",
            "acs:oss:*:*:",
            "acs",
            "oss:*",
            "acs::*:*:*",
        ] {
            assert!(ResourcePattern::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn whether_a_resource_touches_a_bucket() {
        for (text, touches) in [
            ("*", true),
            ("acs:oss:*:*:*", true),
            ("acs:oss:*:*:bucket", true),
            ("acs:oss:*:*:bucket/*", true),
            ("acs:oss:*:*:buck*", true),
            ("acs:oss:*:*:*ket", true),
            ("acs:oss:*:*:*/x", true),
            ("acs:oss:*:*:bucket*.jpg", true),
            ("acs:oss:*:*:b*.jpg", true),
            ("acs:oss:*:*:c*", false),
            ("acs:oss:*:*:bucket2/*", false),
            ("acs:ram::1:role/x", false),
        ] {
            assert_eq!(
                ResourcePattern::parse(text).unwrap().touches("bucket"),
                touches,
                "{text}"
            );
        }
    }
}
