//! The worked examples of the page (hotlink.md §6), one row each.

use super::*;

/// Number, pattern of the whitelist, truncate query, truncate path, Referer, outcome.
type Row = (
    u32,
    &'static str,
    bool,
    bool,
    &'static str,
    Result<(), RefererFault>,
);

const PASS: Result<(), RefererFault> = Ok(());
const EMPTY: Result<(), RefererFault> = Err(RefererFault::Empty);
const BLACK: Result<(), RefererFault> = Err(RefererFault::Blacklisted);
const DENY: Result<(), RefererFault> = Err(RefererFault::NotListed);

const ONE_PATTERN: [Row; 34] = [
    (
        1,
        "http://www.aliyun.com",
        true,
        false,
        "http://www.aliyun.com/123",
        PASS,
    ),
    (
        2,
        "http://www.aliyun.com",
        true,
        false,
        "http://www.aliyun.com.cn",
        PASS,
    ),
    (
        3,
        "http://www.aliyun.com",
        true,
        false,
        "https://www.aliyun.com/123",
        DENY,
    ),
    (
        4,
        "http://www.aliyun.com",
        true,
        false,
        "https://www.aliyun.com.cn",
        DENY,
    ),
    (
        5,
        "http://www.aliyun.com",
        true,
        false,
        "www.aliyun.com",
        DENY,
    ),
    (6, "*", true, false, "http://10.1.2.3/x", PASS),
    (
        7,
        "*www.example.com",
        true,
        false,
        "http://www.example.com",
        PASS,
    ),
    (
        8,
        "*www.example.com",
        true,
        false,
        "https://www.example.com",
        PASS,
    ),
    (9, "*www.example.com", true, false, "www.example.com", PASS),
    (
        10,
        "*.example.com",
        true,
        false,
        "https://help.example.com",
        PASS,
    ),
    (
        11,
        "*.example.com",
        true,
        false,
        "http://www.example.com",
        PASS,
    ),
    (
        12,
        "http://*.domain.com",
        true,
        false,
        "http://domain.com",
        DENY,
    ),
    (
        13,
        "http://domain.com",
        true,
        false,
        "http://domain.com",
        PASS,
    ),
    (
        14,
        "http://?.aliyun.com",
        true,
        false,
        "http://a.aliyun.com",
        PASS,
    ),
    (
        15,
        "http://www.aliyun?.com",
        true,
        false,
        "http://www.aliyunc.com",
        PASS,
    ),
    (
        16,
        "http://www.aliyun?.com",
        true,
        false,
        "http://www.aliyun.com",
        DENY,
    ),
    (
        17,
        "http://www.example.com:8080",
        true,
        false,
        "http://www.example.com:8080/a",
        PASS,
    ),
    (
        18,
        "http://www.example.com:8080",
        true,
        false,
        "http://www.example.com/a",
        DENY,
    ),
    (
        19,
        "10.10.10.10:8080",
        true,
        false,
        "http://10.10.10.10:8080/",
        DENY,
    ),
    (
        20,
        "http://help.example.com/index.html",
        true,
        false,
        "http://help.example.com/logo.html",
        DENY,
    ),
    (
        21,
        "http://*.help.example.com",
        true,
        false,
        "http://example.help.example.com/index.html",
        PASS,
    ),
    (
        22,
        "*servicewechat.com",
        true,
        false,
        "https://servicewechat.com/wx123/1/page-frame.html",
        PASS,
    ),
    (
        23,
        "*www.aliyun.com/",
        true,
        false,
        "https://www.aliyun.com/",
        PASS,
    ),
    (
        24,
        "*www.aliyun.com/",
        true,
        false,
        "https://www.aliyun.com",
        DENY,
    ),
    (
        25,
        "http://www.example.com/?job_id=task%2401",
        false,
        false,
        "http://www.example.com/?job_id=task$01",
        DENY,
    ),
    (
        26,
        "http://www.example.com/?action=nop",
        false,
        false,
        "http://www.example.com/?ACTION=NOP",
        PASS,
    ),
    (
        27,
        "http://example.com/?a=b&b=c",
        false,
        false,
        "http://example.com/?b=c&a=b",
        DENY,
    ),
    (
        28,
        "http://www.example.com/p",
        true,
        false,
        "http://www.example.com/p?x=1",
        PASS,
    ),
    (
        29,
        "http://www.example.com/?a=1",
        true,
        false,
        "http://www.example.com/?a=1",
        DENY,
    ),
    (
        30,
        "http://www.example.com",
        true,
        true,
        "http://www.example.com/a/b?c=d",
        PASS,
    ),
    (
        31,
        "http://www.example.com/a",
        true,
        true,
        "http://www.example.com/a/b",
        DENY,
    ),
    (
        32,
        "http://www.example.com/",
        true,
        true,
        "http://www.example.com/",
        DENY,
    ),
    (
        33,
        "http://www.example.com/",
        true,
        false,
        "http://www.example.com.evil.org/",
        DENY,
    ),
    (
        34,
        "HTTP://WWW.EXAMPLE.COM",
        true,
        false,
        "http://www.example.com/",
        PASS,
    ),
];

#[test]
fn one_pattern() {
    for (number, pattern, query, path, referer, outcome) in ONE_PATTERN {
        let rules = RefererRules::new(false, query, path, [pattern], []);
        assert_eq!(rules.check(Some(referer)), outcome, "example {number}");
    }
}

/// Number, whitelist, blacklist, allow empty, Referer, outcome. (Which requests are checked, 53 and 54, is tested over
/// HTTP.)
type Lists = (
    u32,
    &'static [&'static str],
    &'static [&'static str],
    bool,
    Option<&'static str>,
    Result<(), RefererFault>,
);

#[test]
fn both_lists_and_empty_referers() {
    const WIDE: &[&str] = &["http://*.aliyuncs.com"];
    const ABC: &[&str] = &["http://abc.aliyuncs.com"];
    const BAD: &[&str] = &["*bad-site.example"];
    const ONE: &[&str] = &["http://www.example.com"];
    let rows: [Lists; 14] = [
        (40, WIDE, ABC, false, Some("http://abc.aliyuncs.com"), BLACK),
        (41, WIDE, ABC, false, Some("http://test.aliyuncs.com"), PASS),
        (42, WIDE, ABC, false, Some("http://test.com"), DENY),
        (43, WIDE, ABC, false, None, EMPTY),
        (44, WIDE, ABC, true, None, PASS),
        (
            45,
            &["*"],
            BAD,
            true,
            Some("http://bad-site.example"),
            BLACK,
        ),
        (46, &["*"], BAD, true, Some("http://www.example.com"), PASS),
        (47, &[], &[], false, None, PASS),
        (48, &[], &[], false, Some("http://anything"), PASS),
        (
            49,
            &[],
            &["*bad.example"],
            false,
            Some("http://ok.example"),
            PASS,
        ),
        (
            50,
            &[],
            &["*bad.example"],
            false,
            Some("http://bad.example/x"),
            BLACK,
        ),
        (51, &[], &["*"], false, None, PASS),
        (52, ONE, &[], false, Some("  "), EMPTY),
        (52, ONE, &[], false, Some(""), EMPTY),
    ];
    for (number, allowed, blocked, empty, referer, outcome) in rows {
        let rules = RefererRules::new(
            empty,
            true,
            false,
            allowed.iter().copied(),
            blocked.iter().copied(),
        );
        assert_eq!(rules.check(referer), outcome, "example {number}");
    }
}

#[test]
fn a_referer_that_is_too_long_matches_nothing() {
    let long = format!("http://www.example.com/{}", "a".repeat(MAX_REFERER_BYTES));
    let listed = RefererRules::new(true, true, false, ["*"], []);
    assert_eq!(listed.check(Some(&long)), DENY);
    let black = RefererRules::new(true, true, false, [], ["*"]);
    assert_eq!(black.check(Some(&long)), PASS);
}

#[test]
fn a_whitelist_of_unusable_patterns_is_a_whitelist() {
    let long = "a".repeat(MAX_PATTERN_BYTES + 1);
    let rules = RefererRules::new(true, true, false, [long.as_str()], []);
    assert_eq!(rules.check(Some(&long)), DENY);
}

#[test]
fn the_path_is_cut_behind_the_authority() {
    let rules = RefererRules::new(false, true, true, ["http://h:80"], []);
    for (referer, cut) in [
        ("http://h:80/a/b?q", "http://h:80"),
        ("http://h:80?q", "http://h:80"),
        ("http://h:80#f", "http://h:80"),
        ("http://h:80", "http://h:80"),
        ("h/a", "h"),
        ("://", "://"),
    ] {
        assert_eq!(rules.cut(referer), cut, "{referer}");
    }
}

#[test]
fn the_refusal_is_worded_as_documented() {
    for (fault, ec) in [
        (RefererFault::Empty, "0003-00000501"),
        (RefererFault::Blacklisted, "0003-00000502"),
        (RefererFault::NotListed, "0003-00000503"),
    ] {
        let denial = fault.denial();
        assert_eq!(denial.message, "You are denied by bucket referer policy.");
        assert_eq!(denial.ec, Some(ec));
    }
}
