//! Lifecycle rules as a decision: what is due with an object, a noncurrent version, a delete marker or an upload at a
//! given time (api-buckets.md §6.1). Pure: facts and a time in, an action out.
//!
//! Days end at midnight UTC: what was written at noon and lives for one day is due at the second midnight after it. Where
//! several rules apply, the action whose time comes first wins, and of two that are due at once deleting does.

use fosse_store::{ObjectKind, StorageClass};

/// A day.
pub(crate) const DAY_MS: i64 = 86_400_000;
/// `AllowSmallFile` false leaves objects below this size out of a transition to IA.
const SMALL_FILE: u64 = 64 * 1024;

/// When an action is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// Whole days after the time that counts.
    Days(u32),
    /// Everything from before this time (Unix milliseconds).
    CreatedBefore(i64),
    /// From this time on, everything.
    On(i64),
}

impl Due {
    /// From when on the action is due for something of `base_ms`; `None`: never.
    fn at(self, base_ms: i64) -> Option<i64> {
        match self {
            Due::Days(days) => Some(midnight_from(
                base_ms.saturating_add(i64::from(days).saturating_mul(DAY_MS)),
            )),
            Due::CreatedBefore(date) => (base_ms < date).then(|| midnight_from(base_ms)),
            Due::On(date) => Some(midnight_from(date.max(base_ms))),
        }
    }
}

/// The first midnight UTC at or after a time.
pub(crate) fn midnight_from(ms: i64) -> i64 {
    let day = ms.div_euclid(DAY_MS);
    let midnight = day.saturating_mul(DAY_MS);
    if midnight == ms {
        ms
    } else {
        midnight.saturating_add(DAY_MS)
    }
}

/// A change of the storage class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Transition {
    /// When, counted from the last change of the object, or since it became noncurrent.
    pub(crate) due: Due,
    /// To which class; only down from Standard to DeepColdArchive.
    pub(crate) class: StorageClass,
    /// Counted from the last access instead.
    pub(crate) by_access: bool,
    /// With `by_access`: what was not read since counts as read then, Unix milliseconds.
    pub(crate) since_ms: i64,
    /// Back to Standard when it is read again; with `by_access` and IA only.
    pub(crate) return_to_standard: bool,
    /// Whether objects below 64 KiB are moved to IA too.
    pub(crate) small_files: bool,
}

/// What a rule leaves out (`Filter/Not`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Except {
    /// Keys that begin with it; empty: all keys.
    pub(crate) prefix: String,
    /// Objects that carry all of these tags; none: whatever tags.
    pub(crate) tags: Vec<(String, String)>,
}

/// One enabled rule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Rule {
    pub(crate) id: String,
    /// Keys that begin with it; empty: all.
    pub(crate) prefix: String,
    /// Objects that carry all of these.
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) except: Vec<Except>,
    /// Only objects of more bytes.
    pub(crate) larger_than: Option<u64>,
    /// Only objects of fewer bytes.
    pub(crate) smaller_than: Option<u64>,
    pub(crate) expiration: Option<Due>,
    /// Delete markers under which nothing is left go.
    pub(crate) lone_markers: bool,
    pub(crate) transitions: Vec<Transition>,
    /// Days after which noncurrent versions go.
    pub(crate) noncurrent_expiration: Option<u32>,
    pub(crate) noncurrent_transitions: Vec<Transition>,
    pub(crate) abort_uploads: Option<Due>,
}

/// What rules look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) key: &'a str,
    pub(crate) size: u64,
    pub(crate) tags: &'a [(String, String)],
    pub(crate) modified_ms: i64,
    /// When it was last read; `None` while nobody keeps that, and then no rule counts from it.
    pub(crate) accessed_ms: Option<i64>,
    pub(crate) class: StorageClass,
    pub(crate) kind: ObjectKind,
    /// Of an appendable object: it is sealed.
    pub(crate) sealed: bool,
    /// When a rule last changed the class.
    pub(crate) class_changed_ms: Option<i64>,
}

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Delete it; of a noncurrent version or marker: for good.
    Delete,
    /// Change its class.
    Class(StorageClass),
}

/// The enabled rules of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Rules(Vec<Rule>);

/// How cold a class is; transitions only go up in it.
fn coldness(class: StorageClass) -> u8 {
    match class {
        StorageClass::Standard => 0,
        StorageClass::IA => 1,
        StorageClass::Archive => 2,
        StorageClass::ColdArchive => 3,
        StorageClass::DeepColdArchive => 4,
    }
}

fn carries(tags: &[(String, String)], wanted: &[(String, String)]) -> bool {
    wanted.iter().all(|tag| tags.contains(tag))
}

impl Except {
    fn holds(&self, key: &str, tags: &[(String, String)]) -> bool {
        (!self.prefix.is_empty() || !self.tags.is_empty())
            && key.starts_with(&self.prefix)
            && carries(tags, &self.tags)
    }
}

impl Rule {
    fn matches(&self, key: &str, size: u64, tags: &[(String, String)]) -> bool {
        key.starts_with(&self.prefix)
            && self.larger_than.is_none_or(|bound| size > bound)
            && self.smaller_than.is_none_or(|bound| size < bound)
            && carries(tags, &self.tags)
            && !self.except.iter().any(|except| except.holds(key, tags))
    }

    fn matches_object(&self, facts: &Facts<'_>) -> bool {
        self.matches(facts.key, facts.size, facts.tags)
    }
}

impl Transition {
    /// From when on it is due for an object that counts from `base_ms`; `None`: never, as it stands.
    fn at(&self, facts: &Facts<'_>, base_ms: i64) -> Option<i64> {
        let small = facts.size < SMALL_FILE && !self.small_files;
        let fits = match (facts.kind, self.class) {
            (ObjectKind::Symlink, _) => false,
            (ObjectKind::Appendable, StorageClass::ColdArchive | StorageClass::DeepColdArchive) => {
                facts.sealed
            }
            (_, StorageClass::IA) => !small,
            _ => true,
        };
        let base_ms = match (self.by_access, facts.accessed_ms) {
            (true, Some(accessed)) => accessed.max(base_ms).max(self.since_ms),
            (true, None) => return None,
            (false, _) => base_ms,
        };
        (fits && coldness(self.class) > coldness(facts.class))
            .then(|| self.due.at(base_ms))
            .flatten()
    }

    /// Whether it brings the object back because it was read since a rule made it IA.
    fn brings_back(&self, facts: &Facts<'_>) -> bool {
        let (Some(accessed), Some(changed)) = (facts.accessed_ms, facts.class_changed_ms) else {
            return false;
        };
        self.by_access
            && self.return_to_standard
            && self.class == StorageClass::IA
            && facts.class == StorageClass::IA
            && accessed > changed
    }
}

impl Rules {
    /// The rules that act; disabled ones are not among them.
    pub(crate) fn new(rules: Vec<Rule>) -> Self {
        Rules(rules)
    }

    /// Whether nothing can ever be due.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn prefixes(&self, wanted: impl Fn(&Rule) -> bool) -> Vec<&str> {
        let mut prefixes: Vec<&str> = self
            .0
            .iter()
            .filter(|rule| wanted(rule))
            .map(|rule| rule.prefix.as_str())
            .collect();
        prefixes.sort_unstable();
        // In byte order everything below a prefix follows it at once.
        prefixes.dedup_by(|next, kept| next.starts_with(*kept));
        prefixes
    }

    /// Where current objects have to be looked at: prefixes of which none contains another.
    pub(crate) fn current_prefixes(&self) -> Vec<&str> {
        self.prefixes(|rule| rule.expiration.is_some() || !rule.transitions.is_empty())
    }

    /// Where noncurrent versions and delete markers have to be looked at.
    pub(crate) fn noncurrent_prefixes(&self) -> Vec<&str> {
        self.prefixes(|rule| {
            rule.lone_markers
                || rule.noncurrent_expiration.is_some()
                || !rule.noncurrent_transitions.is_empty()
        })
    }

    /// Where uploads have to be looked at.
    pub(crate) fn upload_prefixes(&self) -> Vec<&str> {
        self.prefixes(|rule| rule.abort_uploads.is_some())
    }

    /// When a current object expires, and by which rule: `x-oss-expiration`.
    pub(crate) fn expiry(&self, facts: &Facts<'_>) -> Option<(i64, &str)> {
        self.0
            .iter()
            .filter_map(|rule| {
                let due = rule.expiration?.at(facts.modified_ms)?;
                rule.matches_object(facts)
                    .then_some((due, rule.id.as_str()))
            })
            .min_by_key(|(due, _)| *due)
    }

    /// What is due with a current object.
    pub(crate) fn current(&self, facts: &Facts<'_>, now_ms: i64) -> Option<Action> {
        if self.expiry(facts).is_some_and(|(due, _)| due <= now_ms) {
            return Some(Action::Delete);
        }
        let transitions = self
            .0
            .iter()
            .filter(|rule| !rule.transitions.is_empty() && rule.matches_object(facts))
            .flat_map(|rule| &rule.transitions);
        coldest(transitions, facts, facts.modified_ms, now_ms)
    }

    /// What is due with a noncurrent version that a newer one hides since `since_ms`.
    pub(crate) fn noncurrent(
        &self,
        facts: &Facts<'_>,
        since_ms: i64,
        now_ms: i64,
    ) -> Option<Action> {
        if self.noncurrent_ends(facts.key, facts.size, facts.tags, since_ms, now_ms) {
            return Some(Action::Delete);
        }
        let transitions = self
            .0
            .iter()
            .filter(|rule| !rule.noncurrent_transitions.is_empty() && rule.matches_object(facts))
            .flat_map(|rule| &rule.noncurrent_transitions);
        coldest(transitions, facts, since_ms, now_ms)
    }

    /// Whether a delete marker is to go: hidden for long enough, or with nothing left under it.
    pub(crate) fn marker(&self, key: &str, since_ms: Option<i64>, only: bool, now_ms: i64) -> bool {
        match since_ms {
            Some(since) => self.noncurrent_ends(key, 0, &[], since, now_ms),
            None => {
                only && self
                    .0
                    .iter()
                    .any(|rule| rule.lone_markers && rule.matches(key, 0, &[]))
            }
        }
    }

    fn noncurrent_ends(
        &self,
        key: &str,
        size: u64,
        tags: &[(String, String)],
        since_ms: i64,
        now_ms: i64,
    ) -> bool {
        self.0.iter().any(|rule| {
            rule.noncurrent_expiration
                .and_then(|days| Due::Days(days).at(since_ms))
                .is_some_and(|due| due <= now_ms)
                && rule.matches(key, size, tags)
        })
    }

    /// Whether an upload is to be dropped. Parts have neither tags nor a size, so only prefixes count.
    pub(crate) fn upload(&self, key: &str, initiated_ms: i64, now_ms: i64) -> bool {
        self.0.iter().any(|rule| {
            let due = rule.abort_uploads.and_then(|due| due.at(initiated_ms));
            due.is_some_and(|due| due <= now_ms)
                && key.starts_with(&rule.prefix)
                && !rule
                    .except
                    .iter()
                    .any(|except| except.tags.is_empty() && except.holds(key, &[]))
        })
    }
}

/// The coldest class that is due, or the way back of an object that was read again.
fn coldest<'a>(
    transitions: impl Iterator<Item = &'a Transition>,
    facts: &Facts<'_>,
    base_ms: i64,
    now_ms: i64,
) -> Option<Action> {
    let mut coldest: Option<StorageClass> = None;
    let mut back = false;
    for transition in transitions {
        let due = transition
            .at(facts, base_ms)
            .is_some_and(|due| due <= now_ms);
        if due && coldest.is_none_or(|class| coldness(transition.class) > coldness(class)) {
            coldest = Some(transition.class);
        }
        back |= transition.brings_back(facts);
    }
    let class = match coldest {
        Some(class) => class,
        None if back => StorageClass::Standard,
        None => return None,
    };
    Some(Action::Class(class))
}

#[cfg(test)]
#[path = "rules/tests.rs"]
mod tests;
