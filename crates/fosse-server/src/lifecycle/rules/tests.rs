//! Tables of single rules at the edges of their time, and properties of several rules together.

use super::*;
use proptest::prelude::*;

/// Noon of day 100.
const NOON: i64 = 100 * DAY_MS + DAY_MS / 2;

fn tags(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect()
}

fn facts(key: &str) -> Facts<'_> {
    Facts {
        key,
        size: 1 << 20,
        tags: &[],
        modified_ms: NOON,
        accessed_ms: None,
        class: StorageClass::Standard,
        kind: ObjectKind::Normal,
        sealed: false,
        class_changed_ms: None,
    }
}

fn expire(prefix: &str, due: Due) -> Rule {
    Rule {
        id: format!("expire {prefix}"),
        prefix: prefix.into(),
        expiration: Some(due),
        ..Rule::default()
    }
}

fn to(class: StorageClass, days: u32) -> Transition {
    Transition {
        due: Due::Days(days),
        class,
        by_access: false,
        since_ms: 0,
        return_to_standard: false,
        small_files: true,
    }
}

fn moves(transitions: &[Transition]) -> Rules {
    Rules::new(vec![Rule {
        transitions: transitions.to_vec(),
        ..Rule::default()
    }])
}

#[test]
fn days_end_at_midnight() {
    for (written, days, due) in [
        (NOON, 1, 102 * DAY_MS),
        (100 * DAY_MS, 1, 101 * DAY_MS),
        (100 * DAY_MS + 1, 1, 102 * DAY_MS),
        (101 * DAY_MS - 1, 1, 102 * DAY_MS),
        (NOON, 365, 466 * DAY_MS),
        (-NOON, 1, -99 * DAY_MS),
    ] {
        assert_eq!(Due::Days(days).at(written), Some(due), "{written} {days}");
        let rules = Rules::new(vec![expire("", Due::Days(days))]);
        let facts = Facts {
            modified_ms: written,
            ..facts("k")
        };
        assert_eq!(rules.current(&facts, due - 1), None);
        assert_eq!(rules.current(&facts, due), Some(Action::Delete));
    }
}

#[test]
fn dates() {
    let before = |date| Due::CreatedBefore(date).at(NOON);
    assert_eq!(before(NOON), None);
    assert_eq!(before(NOON + 1), Some(101 * DAY_MS));
    assert_eq!(before(i64::MAX), Some(101 * DAY_MS));
    let on = |date| Due::On(date).at(NOON);
    assert_eq!(on(50 * DAY_MS), Some(101 * DAY_MS));
    assert_eq!(on(150 * DAY_MS), Some(150 * DAY_MS));
}

#[test]
fn filters() {
    let rule = Rule {
        tags: tags(&[("a", "1"), ("b", "2")]),
        except: vec![
            Except {
                prefix: "logs/keep/".into(),
                tags: vec![],
            },
            Except {
                prefix: "logs/".into(),
                tags: tags(&[("hold", "yes")]),
            },
            // Leaves nothing out: it names nothing.
            Except::default(),
        ],
        larger_than: Some(500),
        smaller_than: Some(64_500),
        ..expire("logs/", Due::Days(1))
    };
    let rules = Rules::new(vec![rule]);
    let both = tags(&[("a", "1"), ("b", "2")]);
    let more = tags(&[("c", "3"), ("b", "2"), ("a", "1")]);
    let held = tags(&[("a", "1"), ("b", "2"), ("hold", "yes")]);
    for (key, size, tags, hit) in [
        ("logs/a", 501, &both[..], true),
        ("logs/a", 64_499, &more, true),
        ("logs/a", 500, &both, false),
        ("logs/a", 64_500, &both, false),
        ("logs/a", 501, &both[..1], false),
        ("logs/a", 501, &tags(&[("a", "2"), ("b", "2")]), false),
        ("logs/keep/a", 501, &both, false),
        ("logs/keep", 501, &both, true),
        ("logs/a", 501, &held, false),
        ("log", 501, &both, false),
        ("other/logs/a", 501, &both, false),
    ] {
        let facts = Facts {
            size,
            tags,
            ..facts(key)
        };
        assert_eq!(rules.expiry(&facts).is_some(), hit, "{key} {size} {tags:?}");
    }
}

#[test]
fn the_earliest_wins_and_deleting_before_moving() {
    let rules = Rules::new(vec![
        expire("", Due::Days(30)),
        expire("a/", Due::Days(10)),
        expire("a/b/", Due::Days(20)),
        Rule {
            transitions: vec![to(StorageClass::Archive, 10)],
            ..Rule::default()
        },
    ]);
    let due = |days| midnight_from(NOON + days * DAY_MS);
    assert_eq!(rules.expiry(&facts("a/b/c")), Some((due(10), "expire a/")));
    assert_eq!(rules.expiry(&facts("b")), Some((due(30), "expire ")));
    assert_eq!(
        rules.current(&facts("a/b/c"), due(10)),
        Some(Action::Delete)
    );
    let archive = Some(Action::Class(StorageClass::Archive));
    assert_eq!(rules.current(&facts("b"), due(10)), archive);
    assert_eq!(rules.current(&facts("b"), due(10) - 1), None);
}

#[test]
fn transitions_only_go_down() {
    use StorageClass::{Archive, ColdArchive, DeepColdArchive, IA, Standard};
    let rules = moves(&[
        to(IA, 10),
        to(Archive, 20),
        to(ColdArchive, 30),
        to(DeepColdArchive, 40),
    ]);
    for (class, days, wanted) in [
        (Standard, 9, None),
        (Standard, 11, Some(IA)),
        (Standard, 25, Some(Archive)),
        (Standard, 50, Some(DeepColdArchive)),
        (IA, 11, None),
        (IA, 21, Some(Archive)),
        (Archive, 11, None),
        (ColdArchive, 35, None),
        (DeepColdArchive, 999, None),
    ] {
        let facts = Facts {
            class,
            ..facts("k")
        };
        let got = rules.current(&facts, NOON + days * DAY_MS + DAY_MS / 2);
        assert_eq!(got, wanted.map(Action::Class), "{class:?} {days}");
    }
}

#[test]
fn what_cannot_be_moved_is_left() {
    use StorageClass::{Archive, ColdArchive, IA};
    let late = NOON + 1_000 * DAY_MS;
    let symlink = Facts {
        kind: ObjectKind::Symlink,
        ..facts("k")
    };
    assert_eq!(moves(&[to(IA, 1)]).current(&symlink, late), None);
    let open = Facts {
        kind: ObjectKind::Appendable,
        ..facts("k")
    };
    let rules = moves(&[to(Archive, 1), to(ColdArchive, 2)]);
    assert_eq!(rules.current(&open, late), Some(Action::Class(Archive)));
    let sealed = Facts {
        sealed: true,
        ..open
    };
    assert_eq!(
        rules.current(&sealed, late),
        Some(Action::Class(ColdArchive))
    );
    let large_only = moves(&[Transition {
        small_files: false,
        ..to(IA, 1)
    }]);
    for (size, moved) in [(SMALL_FILE - 1, false), (SMALL_FILE, true)] {
        let facts = Facts { size, ..facts("k") };
        assert_eq!(large_only.current(&facts, late).is_some(), moved, "{size}");
    }
}

#[test]
fn access_times() {
    use StorageClass::{IA, Standard};
    let by_access = Transition {
        by_access: true,
        return_to_standard: true,
        ..to(IA, 30)
    };
    let rules = moves(&[by_access]);
    let unknown = facts("k");
    let late = NOON + 1_000 * DAY_MS;
    assert_eq!(rules.current(&unknown, late), None, "nobody keeps the time");
    let read = Facts {
        accessed_ms: Some(NOON + 100 * DAY_MS),
        ..facts("k")
    };
    let due = midnight_from(NOON + 130 * DAY_MS);
    assert_eq!(rules.current(&read, due - 1), None);
    assert_eq!(rules.current(&read, due), Some(Action::Class(IA)));
    // Written again after it was read: the write counts.
    let written = Facts {
        modified_ms: NOON + 110 * DAY_MS,
        ..read
    };
    assert_eq!(rules.current(&written, due), None);
    let put_late = moves(&[Transition {
        since_ms: NOON + 101 * DAY_MS,
        ..by_access
    }]);
    assert_eq!(put_late.current(&read, due), None);
    let moved = Facts {
        class: IA,
        class_changed_ms: Some(due),
        ..read
    };
    assert_eq!(rules.current(&moved, due + DAY_MS), None);
    let again = Facts {
        accessed_ms: Some(due + 1),
        ..moved
    };
    assert_eq!(
        rules.current(&again, due + DAY_MS),
        Some(Action::Class(Standard))
    );
    let by_hand = Facts {
        class_changed_ms: None,
        ..again
    };
    assert_eq!(rules.current(&by_hand, due + DAY_MS), None);
    let stays = moves(&[Transition {
        return_to_standard: false,
        ..by_access
    }]);
    assert_eq!(stays.current(&again, due + DAY_MS), None);
}

#[test]
fn noncurrent_versions_markers_and_uploads() {
    let rules = Rules::new(vec![Rule {
        prefix: "a/".into(),
        lone_markers: true,
        noncurrent_expiration: Some(5),
        noncurrent_transitions: vec![to(StorageClass::IA, 2)],
        abort_uploads: Some(Due::Days(1)),
        except: vec![Except {
            prefix: "a/keep/".into(),
            tags: vec![],
        }],
        ..Rule::default()
    }]);
    // The object is old; what counts is since when it is hidden.
    let old = Facts {
        modified_ms: 0,
        ..facts("a/k")
    };
    let at = |days| midnight_from(NOON + days * DAY_MS);
    assert_eq!(rules.noncurrent(&old, NOON, at(2) - 1), None);
    let ia = Some(Action::Class(StorageClass::IA));
    assert_eq!(rules.noncurrent(&old, NOON, at(2)), ia);
    assert_eq!(rules.noncurrent(&old, NOON, at(5)), Some(Action::Delete));
    assert_eq!(rules.current(&old, at(5)), None);
    assert!(rules.marker("a/k", None, true, at(0)));
    assert!(!rules.marker("a/k", None, false, at(0)));
    assert!(!rules.marker("b", None, true, at(0)));
    assert!(!rules.marker("a/k", Some(NOON), true, at(5) - 1));
    assert!(rules.marker("a/k", Some(NOON), false, at(5)));
    assert!(!rules.upload("a/k", NOON, at(1) - 1));
    assert!(rules.upload("a/k", NOON, at(1)));
    assert!(!rules.upload("b", NOON, at(1)));
    for key in ["a/keep/", "a/keep/k"] {
        assert!(!rules.upload(key, NOON, at(1)));
        assert!(!rules.marker(key, None, true, at(1)));
    }
}

#[test]
fn prefixes_cover_each_key_once() {
    let rules = Rules::new(
        ["b", "a/b/", "a/", "a/b/c", "b/x", "c"]
            .map(|prefix| expire(prefix, Due::Days(1)))
            .to_vec(),
    );
    assert_eq!(rules.current_prefixes(), ["a/", "b", "c"]);
    assert!(rules.noncurrent_prefixes().is_empty());
    assert!(rules.upload_prefixes().is_empty());
    let all = Rules::new(vec![expire("a", Due::Days(1)), expire("", Due::Days(1))]);
    assert_eq!(all.current_prefixes(), [""]);
}

fn any_due() -> impl Strategy<Value = Due> {
    prop_oneof![
        (0u32..40).prop_map(Due::Days),
        (90i64..130).prop_map(|day| Due::CreatedBefore(day * DAY_MS)),
        (90i64..130).prop_map(|day| Due::On(day * DAY_MS)),
    ]
}

fn any_class() -> impl Strategy<Value = StorageClass> {
    prop::sample::select(vec![
        StorageClass::Standard,
        StorageClass::IA,
        StorageClass::Archive,
        StorageClass::ColdArchive,
        StorageClass::DeepColdArchive,
    ])
}

fn any_rule() -> impl Strategy<Value = Rule> {
    let transition = (any_due(), any_class(), any::<bool>());
    let transition = transition.prop_map(|(due, class, by_access)| Transition {
        due,
        class,
        by_access,
        since_ms: 0,
        return_to_standard: false,
        small_files: true,
    });
    (
        "[ab]{0,2}",
        prop::collection::vec(("[xy]", "[01]"), 0..2),
        prop::option::of("[ab]{0,3}"),
        prop::option::of(any_due()),
        prop::collection::vec(transition, 0..3),
        prop::option::of(0u32..40),
    )
        .prop_map(
            |(prefix, tags, except, expiration, transitions, hidden)| Rule {
                id: prefix.clone(),
                prefix,
                tags,
                except: except
                    .into_iter()
                    .map(|prefix| Except {
                        prefix,
                        tags: vec![],
                    })
                    .collect(),
                expiration,
                transitions,
                noncurrent_expiration: hidden,
                ..Rule::default()
            },
        )
}

proptest! {
    #[test]
    fn together_is_the_best_of_each(
        rules in prop::collection::vec(any_rule(), 0..5),
        key in "[ab]{1,4}",
        tags in prop::collection::vec(("[xy]", "[01]"), 0..3),
        class in any_class(),
        offset in 0i64..40 * DAY_MS,
        accessed in prop::option::of(0i64..40 * DAY_MS),
    ) {
        let facts = Facts {
            tags: &tags,
            class,
            accessed_ms: accessed.map(|at| NOON + at),
            ..facts(&key)
        };
        let now = NOON + offset;
        let each: Vec<_> = rules
            .iter()
            .map(|rule| Rules::new(vec![rule.clone()]))
            .collect();
        let singles: Vec<_> = each.iter().filter_map(|one| one.current(&facts, now)).collect();
        let all = Rules::new(rules.clone());
        let wanted = if singles.contains(&Action::Delete) {
            Some(Action::Delete)
        } else {
            singles.iter().copied().max_by_key(|action| match action {
                Action::Class(class) => coldness(*class),
                Action::Delete => u8::MAX,
            })
        };
        prop_assert_eq!(all.current(&facts, now), wanted);
        let earliest = each.iter().filter_map(|one| one.expiry(&facts)).map(|(due, _)| due).min();
        prop_assert_eq!(all.expiry(&facts).map(|(due, _)| due), earliest);
        // The order in which they are written does not matter.
        let mut turned = rules.clone();
        turned.reverse();
        prop_assert_eq!(Rules::new(turned).current(&facts, now), wanted);
        // What expires stays expired, and is looked at.
        if wanted == Some(Action::Delete) {
            prop_assert_eq!(all.current(&facts, now + DAY_MS), Some(Action::Delete));
        }
        if wanted.is_some() {
            let looked = all.current_prefixes().iter().filter(|prefix| key.starts_with(**prefix)).count();
            prop_assert_eq!(looked, 1);
        }
        // A class that was changed is not changed again at the same time.
        if let Some(Action::Class(next)) = wanted {
            let moved = Facts { class: next, ..facts };
            prop_assert_eq!(all.current(&moved, now), None);
        }
    }

    #[test]
    fn due_times_are_the_next_midnight(base in -1_000 * DAY_MS..1_000 * DAY_MS, days in 0u32..5_000) {
        let due = Due::Days(days).at(base).unwrap();
        let exact = base + i64::from(days) * DAY_MS;
        prop_assert_eq!(due % DAY_MS, 0);
        prop_assert!(due >= exact && due - exact < DAY_MS);
    }
}
