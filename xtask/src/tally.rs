//! Counting what passed, failed and was skipped, from the report formats of the test programs.

use serde_json::Value;
use std::fmt;
use std::ops::AddAssign;

/// Numbers of tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Tally {
    /// One failure and nothing else: for a step that broke before any test ran.
    pub(crate) const BROKEN: Self = Self {
        passed: 0,
        failed: 1,
        skipped: 0,
    };

    pub(crate) fn total(self) -> u64 {
        self.passed + self.failed + self.skipped
    }

    /// Adds what a line of `cargo test` output says, if it is a `test result:` line.
    pub(crate) fn add_libtest_line(&mut self, line: &str) {
        let Some(rest) = line.trim_start().strip_prefix("test result: ") else {
            return;
        };
        for piece in rest.split([';', '.']) {
            let mut words = piece.split_whitespace();
            let (Some(number), Some(word)) = (words.next(), words.next()) else {
                continue;
            };
            let Ok(number) = number.parse::<u64>() else {
                continue;
            };
            match word {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.skipped += number,
                _ => {}
            }
        }
    }

    /// Adds the closing counts of node's TAP report (`# pass 3`).
    pub(crate) fn add_node_tap_line(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        if words.next() != Some("#") {
            return;
        }
        let (Some(word), Some(number)) = (words.next(), words.next()) else {
            return;
        };
        let Ok(number) = number.parse::<u64>() else {
            return;
        };
        match word {
            "pass" => self.passed += number,
            "fail" | "cancelled" => self.failed += number,
            "skipped" | "todo" => self.skipped += number,
            _ => {}
        }
    }

    /// Adds one result line of a plain TAP stream (`ok 1 - name`, `not ok 2 - name`, `ok 3 - name # SKIP why`).
    pub(crate) fn add_tap_line(&mut self, line: &str) {
        if line.starts_with("not ok ") {
            self.failed += 1;
        } else if line.starts_with("ok ") {
            if line.contains("# SKIP") {
                self.skipped += 1;
            } else {
                self.passed += 1;
            }
        }
    }

    /// Adds one event of `go test -json`: results of tests and subtests, not of packages. A package that
    /// fails to build or dies outside a test shows in the exit code.
    pub(crate) fn add_go_line(&mut self, line: &str) {
        let Ok(event) = serde_json::from_str::<Value>(line) else {
            return;
        };
        if event.get("Test").is_none() {
            return;
        }
        match event.get("Action").and_then(Value::as_str) {
            Some("pass") => self.passed += 1,
            Some("fail") => self.failed += 1,
            Some("skip") => self.skipped += 1,
            _ => {}
        }
    }

    /// Adds the counts of the `<testsuite ...>` elements of a JUnit report.
    pub(crate) fn add_junit(&mut self, xml: &str) {
        let mut rest = xml;
        while let Some(start) = rest.find("<testsuite ") {
            rest = &rest[start..];
            let end = rest.find('>').unwrap_or(rest.len());
            let tag = &rest[..end];
            let number = |name: &str| -> u64 {
                let pattern = format!(" {name}=\"");
                tag.find(&pattern)
                    .map(|at| &tag[at + pattern.len()..])
                    .and_then(|value| value.split('"').next())
                    .and_then(|value| value.parse().ok())
                    .unwrap_or(0)
            };
            let bad = number("failures") + number("errors");
            let skipped = number("skipped");
            self.failed += bad;
            self.skipped += skipped;
            self.passed += number("tests").saturating_sub(bad + skipped);
            rest = &rest[end..];
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    fn tally(passed: u64, failed: u64, skipped: u64) -> Tally {
        Tally {
            passed,
            failed,
            skipped,
        }
    }

    #[test]
    fn libtest_lines_count_and_others_do_not() {
        let mut sum = Tally::default();
        sum.add_libtest_line("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s");
        sum.add_libtest_line(
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out",
        );
        sum.add_libtest_line("test passes_5_passed ... ok");
        assert_eq!(sum, tally(15, 2, 1));
    }

    #[test]
    fn node_counts_cancelled_as_failed() {
        let mut sum = Tally::default();
        for line in [
            "# tests 9",
            "# pass 5",
            "# fail 1",
            "# cancelled 1",
            "# skipped 2",
            "# todo 0",
            "ok 1 - x",
        ] {
            sum.add_node_tap_line(line);
        }
        assert_eq!(sum, tally(5, 2, 2));
    }

    #[test]
    fn tap_results() {
        let mut sum = Tally::default();
        for line in [
            "1..3",
            "ok 1 - a",
            "not ok 2 - b",
            "ok 3 - c # SKIP no wget",
            "# ok 4",
        ] {
            sum.add_tap_line(line);
        }
        assert_eq!(sum, tally(1, 1, 1));
    }

    #[test]
    fn go_events_of_packages_do_not_count() {
        let mut sum = Tally::default();
        sum.add_go_line(r#"{"Action":"run","Package":"p","Test":"TestA"}"#);
        sum.add_go_line(r#"{"Action":"pass","Package":"p","Test":"TestA"}"#);
        sum.add_go_line(r#"{"Action":"skip","Package":"p","Test":"TestB"}"#);
        sum.add_go_line(r#"{"Action":"fail","Package":"p","Test":"TestC"}"#);
        sum.add_go_line(r#"{"Action":"fail","Package":"p"}"#);
        sum.add_go_line("not json");
        assert_eq!(sum, tally(1, 1, 1));
    }

    #[test]
    fn junit_errors_are_failures() {
        let mut sum = Tally::default();
        sum.add_junit(
            r#"<testsuites name="x"><testsuite name="pytest" errors="1" failures="2" skipped="3" tests="10" time="1"><testcase/></testsuite></testsuites>"#,
        );
        assert_eq!(sum, tally(4, 3, 3));
    }
}
