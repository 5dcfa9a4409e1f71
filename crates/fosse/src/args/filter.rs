//! `--include` and `--exclude`: which keys of a listing a command takes (cli.md §3).

use clap::{Arg, ArgAction, ArgMatches, Command};

/// Rules in the order of the command line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
struct Rule {
    include: bool,
    /// The alternatives of `{a,b}` written out.
    patterns: Vec<Vec<char>>,
}

impl Filter {
    /// Whether `path`, the key behind the prefix of the listing, is taken: the last rule that matches decides; where
    /// none does, it is taken unless there are only includes.
    pub(crate) fn takes(&self, path: &str) -> bool {
        let matching = self
            .rules
            .iter()
            .rev()
            .find(|rule| rule.patterns.iter().any(|pattern| matches(pattern, path)));
        match matching {
            Some(rule) => rule.include,
            None => self.rules.is_empty() || self.rules.iter().any(|rule| !rule.include),
        }
    }

    fn add(&mut self, include: bool, pattern: &str) {
        self.rules.push(Rule {
            include,
            patterns: alternatives(pattern)
                .iter()
                .map(|p| p.chars().collect())
                .collect(),
        });
    }
}

impl clap::Args for Filter {
    fn augment_args(command: Command) -> Command {
        let arg = |name: &'static str, help: &'static str| {
            Arg::new(name)
                .long(name)
                .value_name("PATTERN")
                .action(ArgAction::Append)
                .help(help)
        };
        command
            .arg(arg(
                "include",
                "Take keys that match, such as \"*.txt\"; repeatable, the last match decides",
            ))
            .arg(arg(
                "exclude",
                "Leave out keys that match; repeatable, the last match decides",
            ))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for Filter {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut rules: Vec<(usize, bool, &String)> = Vec::new();
        for (name, include) in [("include", true), ("exclude", false)] {
            let places = matches.indices_of(name).into_iter().flatten();
            let patterns = matches.get_many::<String>(name).into_iter().flatten();
            rules.extend(
                places
                    .zip(patterns)
                    .map(|(place, pattern)| (place, include, pattern)),
            );
        }
        rules.sort_by_key(|(place, ..)| *place);
        let mut filter = Self::default();
        for (_, include, pattern) in rules {
            filter.add(include, pattern);
        }
        Ok(filter)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// `a{b,c}d` gives `abd` and `acd`; at most 256 alternatives, then the braces are taken as they are.
fn alternatives(pattern: &str) -> Vec<String> {
    let mut done = Vec::new();
    let mut open = vec![pattern.to_owned()];
    while let Some(text) = open.pop() {
        let group = text.find('{').and_then(|start| {
            text[start..]
                .find('}')
                .map(|length| (start, start + length))
        });
        match group {
            Some((start, end)) if open.len() + done.len() < 256 => {
                for choice in text[start + 1..end].split(',').rev() {
                    open.push(format!("{}{choice}{}", &text[..start], &text[end + 1..]));
                }
            }
            _ => done.push(text),
        }
    }
    done
}

/// A leading `/` anchors at the beginning; otherwise the pattern may begin at any segment. A pattern without `/` is
/// matched against the last segment.
fn matches(pattern: &[char], path: &str) -> bool {
    let path: Vec<char> = path.chars().collect();
    if let Some(anchored) = pattern.strip_prefix(&['/']) {
        return glob(anchored, &path);
    }
    let body_end = if path.ends_with(&['/']) {
        path.len() - 1
    } else {
        path.len()
    };
    if !pattern.contains(&'/') {
        let start = path[..body_end]
            .iter()
            .rposition(|c| *c == '/')
            .map_or(0, |at| at + 1);
        // A directory marker `a/b/` also answers to `b`.
        return glob(pattern, &path[start..])
            || glob(pattern, &path[start..body_end]) && body_end < path.len();
    }
    let starts = std::iter::once(0).chain(
        path[..body_end]
            .iter()
            .enumerate()
            .filter(|(_, c)| **c == '/')
            .map(|(at, _)| at + 1),
    );
    starts
        .into_iter()
        .any(|start| glob(pattern, &path[start..]))
}

/// `*` is any run without `/`, `**` any run, `?` one character but `/`, `[…]` one of a set.
fn glob(pattern: &[char], text: &[char]) -> bool {
    // Where to go on when the newest `*` or `**` shall take one more character.
    let mut retry: Vec<(usize, usize, bool)> = Vec::new();
    let (mut p, mut t) = (0, 0);
    loop {
        let matched = match pattern.get(p) {
            None if t == text.len() => return true,
            None => None,
            Some('*') => {
                let deep = pattern.get(p + 1) == Some(&'*');
                let after = p + if deep { 2 } else { 1 };
                retry.retain(|(_, _, kept_deep)| *kept_deep && !deep);
                retry.push((after, t, deep));
                p = after;
                continue;
            }
            Some('?') => text.get(t).filter(|c| **c != '/').map(|_| p + 1),
            Some('[') => text
                .get(t)
                .and_then(|c| set(&pattern[p..], *c))
                .map(|length| p + length),
            Some(wanted) => text.get(t).filter(|c| *c == wanted).map(|_| p + 1),
        };
        if let Some(next) = matched {
            p = next;
            t += 1;
            continue;
        }
        // Let the newest star that still can take one more character.
        loop {
            let Some((after, from, deep)) = retry.pop() else {
                return false;
            };
            match text.get(from) {
                Some(c) if deep || *c != '/' => {
                    retry.push((after, from + 1, deep));
                    (p, t) = (after, from + 1);
                    break;
                }
                _ => {}
            }
        }
    }
}

/// Length of the `[…]` at the head of `pattern` when `c` is in it.
fn set(pattern: &[char], c: char) -> Option<usize> {
    let end = pattern
        .iter()
        .skip(2)
        .position(|c| *c == ']')
        .map(|at| at + 2)?;
    let mut inside = &pattern[1..end];
    let negated = matches!(inside.first(), Some('!' | '^'));
    if negated {
        inside = &inside[1..];
    }
    let mut found = false;
    while let Some(first) = inside.first() {
        match inside {
            [low, '-', high, ..] => {
                found |= (*low..=*high).contains(&c);
                inside = &inside[3..];
            }
            _ => {
                found |= *first == c;
                inside = &inside[1..];
            }
        }
    }
    (found != negated && c != '/').then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::Filter;

    fn filter(rules: &[(bool, &str)]) -> Filter {
        let mut filter = Filter::default();
        for (include, pattern) in rules {
            filter.add(*include, pattern);
        }
        filter
    }

    fn hit(pattern: &str, path: &str) -> bool {
        filter(&[(true, pattern)]).takes(path)
    }

    #[test]
    fn patterns() {
        for (pattern, path, expected) in [
            ("*.txt", "a.txt", true),
            ("*.txt", "dir/deep/a.txt", true),
            ("*.txt", "a.txt.gz", false),
            ("*.txt", "dir.txt/a", false),
            ("/dir1/**.txt", "dir1/a/b.txt", true),
            ("/dir1/**.txt", "x/dir1/a.txt", false),
            ("dir1/*.txt", "x/dir1/a.txt", true),
            ("dir1/*.txt", "x/dir1/y/a.txt", false),
            ("/*.txt", "a.txt", true),
            ("/*.txt", "d/a.txt", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[]x]", "x", true),
            ("*.{jpg,png}", "d/a.png", true),
            ("*.{jpg,png}", "d/a.gif", false),
            ("*/", "folder/", true),
            ("*/", "folder/a", false),
            ("folder", "folder/", true),
            ("**", "any/thing", true),
            ("文*", "d/文件.txt", true),
            ("*a*b*c*", "xxaxxbxxcxx", true),
            ("*a*b*c*", "xxaxxcxxbxx", false),
            ("x/**/y*z", "x/1/2/yz/3/yaz", true),
        ] {
            assert_eq!(hit(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn the_last_match_decides() {
        let both = filter(&[(false, "*.log"), (true, "keep.log")]);
        assert!(both.takes("a.txt") && both.takes("keep.log") && !both.takes("a.log"));
        let reversed = filter(&[(true, "keep.log"), (false, "*.log")]);
        assert!(!reversed.takes("keep.log"));
        assert!(filter(&[]).takes("a"));
        assert!(!filter(&[(true, "*.txt")]).takes("a"));
    }

    #[test]
    fn a_hostile_pattern_does_not_run_for_ever() {
        let started = std::time::Instant::now();
        assert!(!hit(&format!("{}b", "*a".repeat(40)), &"a".repeat(1000)));
        assert!(started.elapsed().as_secs() < 5);
    }
}
