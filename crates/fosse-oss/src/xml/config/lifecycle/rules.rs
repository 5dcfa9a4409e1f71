//! What lifecycle rules may say, alone and beside each other.

use super::{
    LifecycleConfiguration, LifecycleExpiration, LifecycleRule, LifecycleTransition, LifecycleWhen,
};
use crate::header::StorageClass;
use crate::xml::read::malformed;
use crate::{ErrorCode, OssError};
use std::collections::HashSet;

const MAX_ID_BYTES: usize = 255;
const MAX_PREFIX_BYTES: usize = 1023;
/// Largest object that a size filter may name.
const MAX_SIZE: u64 = 5 << 40;

pub(super) fn validate(
    configuration: &LifecycleConfiguration,
    allow_overlap: bool,
) -> Result<(), OssError> {
    let mut ids = HashSet::new();
    for rule in &configuration.rules {
        check_rule(rule)?;
        if !rule.id.is_empty() && !ids.insert(rule.id.as_str()) {
            return Err(OssError::invalid_argument(
                "ID",
                &rule.id,
                "Rule ID must be unique. Found same ID for more than one rule",
            ));
        }
    }
    if allow_overlap {
        Ok(())
    } else {
        check_overlap(&configuration.rules)
    }
}

fn check_rule(rule: &LifecycleRule) -> Result<(), OssError> {
    if rule.id.len() > MAX_ID_BYTES {
        let message = "ID length should not exceed allowed limit of 255";
        return Err(OssError::invalid_argument("ID", &rule.id, message));
    }
    if rule.prefix.len() > MAX_PREFIX_BYTES {
        let message = "The length of Prefix must be less than 1024.";
        return Err(OssError::invalid_argument("Prefix", &rule.prefix, message));
    }
    check_tags(&rule.tags)?;
    if actions(rule).is_empty() {
        return Err(malformed());
    }
    if !rule.tags.is_empty()
        && (rule.abort_multipart_upload.is_some()
            || rule.expiration == Some(LifecycleExpiration::DeleteMarker))
    {
        return Err(OssError::invalid_argument(
            "Tag",
            "",
            "Tag cannot be used with AbortMultipartUpload or ExpiredObjectDeleteMarker.",
        ));
    }
    check_filter(rule)?;
    check_access_time(rule)?;
    let expires = match rule.expiration {
        Some(LifecycleExpiration::When(when)) => Some(when),
        _ => None,
    };
    check_order(&rule.transitions, expires)?;
    let noncurrent = rule.noncurrent_expiration_days.map(LifecycleWhen::Days);
    check_order(&rule.noncurrent_transitions, noncurrent)
}

/// The characters of object tags, and every key once. OSS takes more and longer tags here than an object can have; such
/// a rule matches nothing.
fn check_tags(tags: &[(String, String)]) -> Result<(), OssError> {
    let legal = |text: &str| {
        text.chars().all(|c| {
            c.is_alphanumeric() || matches!(c, ' ' | '+' | '-' | '=' | '.' | '_' | ':' | '/')
        })
    };
    let mut keys = HashSet::new();
    for (key, value) in tags {
        if key.is_empty() || !legal(key) || !legal(value) || !keys.insert(key) {
            return Err(OssError::new(ErrorCode::InvalidTag).with("TagKey", key.as_str()));
        }
    }
    Ok(())
}

fn check_filter(rule: &LifecycleRule) -> Result<(), OssError> {
    let Some(filter) = &rule.filter else {
        return Ok(());
    };
    for not in &filter.nots {
        if !not.prefix.starts_with(&rule.prefix) {
            let message = "The prefix of Not must begin with the prefix of the rule.";
            return Err(OssError::invalid_argument("Not", &not.prefix, message));
        }
        if not.prefix == rule.prefix && not.tag.is_none() {
            let message = "Not must leave something of the rule.";
            return Err(OssError::invalid_argument("Not", &not.prefix, message));
        }
        check_tags(not.tag.as_slice())?;
    }
    let sizes = [filter.size_greater_than, filter.size_less_than];
    for size in sizes.into_iter().flatten() {
        if size == 0 || size > MAX_SIZE {
            let message = "The size must be greater than 0 and not above 5 TB.";
            return Err(OssError::invalid_argument(
                "Filter",
                &size.to_string(),
                message,
            ));
        }
    }
    if let [Some(above), Some(below)] = sizes
        && above >= below
    {
        return Err(OssError::invalid_argument(
            "ObjectSizeLessThan",
            &below.to_string(),
            "ObjectSizeLessThan must be greater than ObjectSizeGreaterThan.",
        ));
    }
    Ok(())
}

/// Rules by access time count days, and leave small objects alone only by their own switch.
fn check_access_time(rule: &LifecycleRule) -> Result<(), OssError> {
    for transition in rule.transitions.iter().chain(&rule.noncurrent_transitions) {
        if transition.is_access_time != Some(true) {
            continue;
        }
        let sized = rule
            .filter
            .as_ref()
            .is_some_and(|f| f.size_greater_than.is_some() || f.size_less_than.is_some());
        let days = matches!(transition.when, LifecycleWhen::Days(_));
        if !days || (sized && transition.allow_small_file.is_some()) {
            return Err(malformed());
        }
    }
    Ok(())
}

/// Days grow from class to class and up to the expiration; days and dates do not mix. Dates have no order.
fn check_order(
    transitions: &[LifecycleTransition],
    expires: Option<LifecycleWhen>,
) -> Result<(), OssError> {
    let mut days_by_rank: [Option<u32>; 5] = [None; 5];
    for transition in transitions {
        let class = transition.storage_class;
        let Some(slot) = rank(class).and_then(|rank| days_by_rank.get_mut(rank)) else {
            let message = "Transition to the storage class Standard is not supported.";
            return Err(OssError::invalid_argument(
                "StorageClass",
                class.as_str(),
                message,
            ));
        };
        let dated = |when| !matches!(when, LifecycleWhen::Days(_));
        let first = transitions.first().map_or(transition.when, |t| t.when);
        if dated(first) != dated(transition.when)
            || expires.is_some_and(|expires| dated(expires) != dated(transition.when))
        {
            let message = format!(
                "Found mixed CreatedBeforeDate and Days based Expiration and Transition for StorageClass {} actions",
                class.as_str()
            );
            return Err(OssError::new(ErrorCode::InvalidRequest)
                .with_message(message)
                .with_ec("0014-00000080"));
        }
        if let LifecycleWhen::Days(days) = transition.when
            && slot.replace(days).is_some()
        {
            let message = "A rule holds one transition for each storage class.";
            return Err(OssError::invalid_argument(
                "StorageClass",
                class.as_str(),
                message,
            ));
        }
    }
    let end = match expires {
        Some(LifecycleWhen::Days(days)) => Some(days),
        _ => None,
    };
    let days: Vec<u32> = days_by_rank.into_iter().chain([end]).flatten().collect();
    match days.windows(2).find(|pair| pair.first() >= pair.last()) {
        None => Ok(()),
        Some(pair) => Err(OssError::invalid_argument(
            "Days",
            &pair.last().copied().unwrap_or_default().to_string(),
            "Days must grow from IA over Archive, ColdArchive and DeepColdArchive to Expiration.",
        )),
    }
}

/// Place of a class in the order of transitions; `None` for Standard.
fn rank(class: StorageClass) -> Option<usize> {
    match class {
        StorageClass::Standard => None,
        StorageClass::IA => Some(0),
        StorageClass::Archive => Some(1),
        StorageClass::ColdArchive => Some(2),
        StorageClass::DeepColdArchive => Some(3),
    }
}

/// Kinds of action that a rule takes.
fn actions(rule: &LifecycleRule) -> Vec<&'static str> {
    [
        ("Expiration", rule.expiration.is_some()),
        ("Transition", !rule.transitions.is_empty()),
        (
            "AbortMultipartUpload",
            rule.abort_multipart_upload.is_some(),
        ),
        (
            "NoncurrentVersionExpiration",
            rule.noncurrent_expiration_days.is_some(),
        ),
        (
            "NoncurrentVersionTransition",
            !rule.noncurrent_transitions.is_empty(),
        ),
    ]
    .into_iter()
    .filter_map(|(name, taken)| taken.then_some(name))
    .collect()
}

/// What takes part in the comparison of rules.
struct Reach<'r> {
    prefix: &'r str,
    actions: Vec<&'static str>,
    /// Sorted.
    tags: Vec<&'r (String, String)>,
}

/// Two rules overlap when they take the same action, one prefix begins with the other, and no tag keeps them apart.
/// Sorted by prefix, every rule is compared only with those that its prefix begins with: as many as their longest chain.
fn check_overlap(rules: &[LifecycleRule]) -> Result<(), OssError> {
    let mut sorted: Vec<Reach<'_>> = rules
        .iter()
        .map(|rule| {
            let mut tags: Vec<_> = rule.tags.iter().collect();
            tags.sort();
            Reach {
                prefix: &rule.prefix,
                actions: actions(rule),
                tags,
            }
        })
        .collect();
    sorted.sort_by_key(|reach| reach.prefix);
    let mut open: Vec<&Reach<'_>> = Vec::new();
    for reach in &sorted {
        while open
            .last()
            .is_some_and(|above| !reach.prefix.starts_with(above.prefix))
        {
            open.pop();
        }
        for above in &open {
            // Both ask for tags, and not for the same.
            let apart =
                !above.tags.is_empty() && !reach.tags.is_empty() && above.tags != reach.tags;
            if apart {
                continue;
            }
            let taken = |action: &&&'static str| above.actions.contains(action);
            if let Some(action) = reach.actions.iter().find(taken) {
                return Err(OssError::invalid_argument(
                    "Prefix",
                    reach.prefix,
                    format!("Overlap for same action type {action}"),
                ));
            }
        }
        open.push(reach);
    }
    Ok(())
}
