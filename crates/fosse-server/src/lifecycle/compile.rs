//! From the document that a client put to the rules that act.

use crate::handle::object_headers::class_of;
use crate::lifecycle::rules::{Due, Except, Rule, Rules, Transition};
use fosse_oss::xml::{
    LifecycleConfiguration, LifecycleExpiration, LifecycleRule, LifecycleTransition, LifecycleWhen,
};

/// The enabled rules of a document.
pub(crate) fn compile(document: &LifecycleConfiguration) -> Rules {
    let enabled = document.rules.iter().filter(|rule| rule.enabled);
    Rules::new(enabled.map(rule).collect())
}

fn rule(rule: &LifecycleRule) -> Rule {
    let (expiration, lone_markers) = match rule.expiration {
        Some(LifecycleExpiration::When(when)) => (Some(due(when)), false),
        Some(LifecycleExpiration::DeleteMarker) => (None, true),
        None => (None, false),
    };
    let filter = rule.filter.as_ref();
    let excepts = filter.into_iter().flat_map(|filter| &filter.nots);
    let transitions = |list: &[LifecycleTransition]| {
        list.iter()
            .map(|one| transition(one, rule.atime_base))
            .collect()
    };
    Rule {
        id: rule.id.clone(),
        prefix: rule.prefix.clone(),
        tags: rule.tags.clone(),
        except: excepts
            .map(|not| Except {
                prefix: not.prefix.clone(),
                tags: not.tag.iter().cloned().collect(),
            })
            .collect(),
        larger_than: filter.and_then(|filter| filter.size_greater_than),
        smaller_than: filter.and_then(|filter| filter.size_less_than),
        expiration,
        lone_markers,
        transitions: transitions(&rule.transitions),
        noncurrent_expiration: rule.noncurrent_expiration_days,
        noncurrent_transitions: transitions(&rule.noncurrent_transitions),
        abort_uploads: rule.abort_multipart_upload.map(due),
    }
}

fn due(when: LifecycleWhen) -> Due {
    match when {
        LifecycleWhen::Days(days) => Due::Days(days),
        LifecycleWhen::CreatedBefore(date) => Due::CreatedBefore(date.saturating_mul(1000)),
        LifecycleWhen::Date(date) => Due::On(date.saturating_mul(1000)),
    }
}

fn transition(transition: &LifecycleTransition, atime_base: Option<i64>) -> Transition {
    Transition {
        due: due(transition.when),
        class: class_of(transition.storage_class),
        by_access: transition.is_access_time == Some(true),
        since_ms: atime_base.unwrap_or(0).saturating_mul(1000),
        return_to_standard: transition.return_to_std_when_visit == Some(true),
        small_files: transition.allow_small_file != Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fosse_store::StorageClass;

    #[test]
    fn every_part_of_a_document_arrives() {
        let text = "<LifecycleConfiguration>\
            <Rule><ID>off</ID><Prefix>x/</Prefix><Status>Disabled</Status>\
              <Expiration><Days>1</Days></Expiration></Rule>\
            <Rule><ID>all</ID><Prefix>logs/</Prefix><Status>Enabled</Status>\
              <Tag><Key>a</Key><Value>1</Value></Tag>\
              <Filter><Not><Prefix>logs/keep/</Prefix><Tag><Key>k</Key><Value>v</Value></Tag></Not>\
                <ObjectSizeGreaterThan>500</ObjectSizeGreaterThan>\
                <ObjectSizeLessThan>64500</ObjectSizeLessThan></Filter>\
              <Expiration><CreatedBeforeDate>2024-01-02T00:00:00.000Z</CreatedBeforeDate></Expiration>\
              </Rule>\
            <Rule><ID>versions</ID><Prefix>v/</Prefix><Status>Enabled</Status>\
              <Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>\
              <Transition><Days>30</Days><StorageClass>IA</StorageClass>\
                <IsAccessTime>true</IsAccessTime><ReturnToStdWhenVisit>true</ReturnToStdWhenVisit>\
                <AllowSmallFile>false</AllowSmallFile></Transition>\
              <AbortMultipartUpload><Days>3</Days></AbortMultipartUpload>\
              <NoncurrentVersionExpiration><NoncurrentDays>5</NoncurrentDays></NoncurrentVersionExpiration>\
              <NoncurrentVersionTransition><NoncurrentDays>2</NoncurrentDays>\
                <StorageClass>Archive</StorageClass></NoncurrentVersionTransition>\
              <AtimeBase>1700000000</AtimeBase></Rule>\
            </LifecycleConfiguration>";
        let document = LifecycleConfiguration::from_xml(text.as_bytes()).unwrap();
        let plain = |class, days| Transition {
            due: Due::Days(days),
            class,
            by_access: false,
            since_ms: 1_700_000_000_000,
            return_to_standard: false,
            small_files: true,
        };
        let wanted = Rules::new(vec![
            Rule {
                id: "all".into(),
                prefix: "logs/".into(),
                tags: vec![("a".into(), "1".into())],
                except: vec![Except {
                    prefix: "logs/keep/".into(),
                    tags: vec![("k".into(), "v".into())],
                }],
                larger_than: Some(500),
                smaller_than: Some(64_500),
                expiration: Some(Due::CreatedBefore(1_704_153_600_000)),
                ..Rule::default()
            },
            Rule {
                id: "versions".into(),
                prefix: "v/".into(),
                lone_markers: true,
                transitions: vec![Transition {
                    by_access: true,
                    return_to_standard: true,
                    small_files: false,
                    ..plain(StorageClass::IA, 30)
                }],
                noncurrent_expiration: Some(5),
                noncurrent_transitions: vec![plain(StorageClass::Archive, 2)],
                abort_uploads: Some(Due::Days(3)),
                ..Rule::default()
            },
        ]);
        assert_eq!(compile(&document), wanted);
    }
}
