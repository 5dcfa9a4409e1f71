//! `LifecycleConfiguration`: what happens to objects as they grow old (api-buckets.md §6.1).
//!
//! The rules that a document has to obey by itself are in `lifecycle/rules.rs`. Two depend on more than the document:
//! rules by access time need access monitoring, and rules without a name get one; both are the server's.

mod read;
mod rules;
#[cfg(test)]
mod tests;

use crate::OssError;
use crate::header::StorageClass;
use crate::xml::Writer;

/// The lifecycle rules of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LifecycleConfiguration {
    /// Rules in order, at least one.
    pub rules: Vec<LifecycleRule>,
}

/// One rule: which objects, and what is done to them when.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LifecycleRule {
    /// `ID`, at most 255 bytes, unique; empty when the client gave none.
    pub id: String,
    /// Keys begin with this; empty: every object of the bucket.
    pub prefix: String,
    /// `Status`: whether the rule acts.
    pub enabled: bool,
    /// Tags that an object must have, all of them.
    pub tags: Vec<(String, String)>,
    /// What is left out.
    pub filter: Option<LifecycleFilter>,
    /// When objects expire.
    pub expiration: Option<LifecycleExpiration>,
    /// When objects change their class, by class in the order of the document.
    pub transitions: Vec<LifecycleTransition>,
    /// When unfinished multipart uploads are dropped, by the time of their initiation.
    pub abort_multipart_upload: Option<LifecycleWhen>,
    /// `NoncurrentVersionExpiration`: days after a version became noncurrent.
    pub noncurrent_expiration_days: Option<u32>,
    /// When noncurrent versions change their class.
    pub noncurrent_transitions: Vec<LifecycleTransition>,
    /// `AtimeBase`: Unix seconds; objects not read since count as read then. Only for rules by access time.
    pub atime_base: Option<i64>,
}

/// `Filter`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LifecycleFilter {
    /// `Not`: objects that match one of these are left out.
    pub nots: Vec<LifecycleNot>,
    /// Only objects of more bytes than this.
    pub size_greater_than: Option<u64>,
    /// Only objects of fewer bytes than this.
    pub size_less_than: Option<u64>,
}

/// `Not`: matches what has the prefix, and the tag if one is given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LifecycleNot {
    /// Prefix, within the prefix of the rule.
    pub prefix: String,
    /// Tag.
    pub tag: Option<(String, String)>,
}

/// `Expiration`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LifecycleExpiration {
    /// Objects expire then.
    When(LifecycleWhen),
    /// `ExpiredObjectDeleteMarker=true`: a delete marker without versions below it is removed.
    DeleteMarker,
}

/// The time of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LifecycleWhen {
    /// `Days` after the last modification (of a noncurrent version: after it became noncurrent); at least 1.
    Days(u32),
    /// `CreatedBeforeDate`: what was modified before this midnight (Unix seconds, UTC), at once.
    CreatedBefore(i64),
    /// `Date`: everything, from this midnight on.
    Date(i64),
}

/// `Transition` and `NoncurrentVersionTransition`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LifecycleTransition {
    /// When. [`LifecycleWhen::Days`] for noncurrent versions.
    pub when: LifecycleWhen,
    /// New class, never `Standard`.
    pub storage_class: StorageClass,
    /// `IsAccessTime`: days count from the last access.
    pub is_access_time: Option<bool>,
    /// `ReturnToStdWhenVisit`: back to Standard when it is read.
    pub return_to_std_when_visit: Option<bool>,
    /// `AllowSmallFile`: also objects below 64 KiB.
    pub allow_small_file: Option<bool>,
}

impl LifecycleConfiguration {
    /// Reads and validates the document. `allow_overlap` is the header `x-oss-allow-same-action-overlap`: without it
    /// two rules may not do the same to objects of one prefix.
    ///
    /// Errors: 400 `MalformedXML` for what is not in the form of the document, for no rule or more than 1000, a rule
    /// without action, a rule by access time with a date; 400 `InvalidArgument` for values that break a rule;
    /// 400 `InvalidRequest` for dates mixed with days.
    pub fn from_request(bytes: &[u8], allow_overlap: bool) -> Result<Self, OssError> {
        let read = Self::from_xml(bytes)?;
        rules::validate(&read, allow_overlap)?;
        Ok(read)
    }

    /// Whether a rule counts from the last access, which needs access monitoring.
    pub fn uses_access_time(&self) -> bool {
        self.rules.iter().any(LifecycleRule::uses_access_time)
    }

    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("LifecycleConfiguration", |w| {
            for rule in &self.rules {
                w.element("Rule", |w| rule.write(w));
            }
        })
    }
}

impl LifecycleRule {
    /// Whether the rule counts from the last access.
    pub fn uses_access_time(&self) -> bool {
        self.transitions
            .iter()
            .chain(&self.noncurrent_transitions)
            .any(|transition| transition.is_access_time == Some(true))
    }

    fn write(&self, w: &mut Writer) {
        w.text("ID", &self.id);
        w.text("Prefix", &self.prefix);
        w.text("Status", if self.enabled { "Enabled" } else { "Disabled" });
        for (key, value) in &self.tags {
            write_tag(w, key, value);
        }
        if let Some(filter) = &self.filter {
            w.element("Filter", |w| filter.write(w));
        }
        if let Some(expiration) = self.expiration {
            w.element("Expiration", |w| match expiration {
                LifecycleExpiration::When(when) => when.write(w, "Days"),
                LifecycleExpiration::DeleteMarker => w.flag("ExpiredObjectDeleteMarker", true),
            });
        }
        for transition in &self.transitions {
            w.element("Transition", |w| transition.write(w, "Days"));
        }
        if let Some(when) = self.abort_multipart_upload {
            w.element("AbortMultipartUpload", |w| when.write(w, "Days"));
        }
        if let Some(days) = self.noncurrent_expiration_days {
            w.element("NoncurrentVersionExpiration", |w| {
                w.number("NoncurrentDays", days.into());
            });
        }
        for transition in &self.noncurrent_transitions {
            w.element("NoncurrentVersionTransition", |w| {
                transition.write(w, "NoncurrentDays");
            });
        }
        if let Some(at) = self.atime_base.and_then(|at| u64::try_from(at).ok()) {
            w.number("AtimeBase", at);
        }
    }
}

impl LifecycleFilter {
    fn write(&self, w: &mut Writer) {
        for not in &self.nots {
            w.element("Not", |w| {
                w.text("Prefix", &not.prefix);
                if let Some((key, value)) = &not.tag {
                    write_tag(w, key, value);
                }
            });
        }
        if let Some(size) = self.size_greater_than {
            w.number("ObjectSizeGreaterThan", size);
        }
        if let Some(size) = self.size_less_than {
            w.number("ObjectSizeLessThan", size);
        }
    }
}

impl LifecycleWhen {
    fn write(self, w: &mut Writer, days_name: &str) {
        match self {
            Self::Days(days) => w.number(days_name, days.into()),
            Self::CreatedBefore(date) => w.time("CreatedBeforeDate", date),
            Self::Date(date) => w.time("Date", date),
        }
    }
}

impl LifecycleTransition {
    fn write(&self, w: &mut Writer, days_name: &str) {
        self.when.write(w, days_name);
        w.text("StorageClass", self.storage_class.as_str());
        for (name, value) in [
            ("IsAccessTime", self.is_access_time),
            ("ReturnToStdWhenVisit", self.return_to_std_when_visit),
            ("AllowSmallFile", self.allow_small_file),
        ] {
            if let Some(value) = value {
                w.flag(name, value);
            }
        }
    }
}

fn write_tag(w: &mut Writer, key: &str, value: &str) {
    w.element("Tag", |w| {
        w.text("Key", key);
        w.text("Value", value);
    });
}
