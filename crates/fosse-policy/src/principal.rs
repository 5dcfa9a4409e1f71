//! Principals of bucket and trust policies (access-control.md §3.4, sts.md §4): whom a statement is about.

use crate::caller::Caller;
use crate::glob::Glob;
use crate::lower::Lower;

/// One principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PrincipalPattern {
    /// Everybody, anonymous callers included.
    Anybody,
    /// An account itself, or a RAM user, by id.
    Id(Box<str>),
    /// `acs:ram::UID:root`.
    Root(Glob),
    /// `acs:ram::UID:user/NAME`.
    User(Glob, Glob),
    /// `acs:ram::UID:role/NAME`: every session of it.
    Role(Glob, Glob),
    /// `arn:sts::UID:assumed-role/ROLE/SESSION`.
    Session(Glob, Glob, Glob),
    /// A kind of principal that Fosse keeps and that never asks: services, identity providers.
    Nobody,
}

impl PrincipalPattern {
    /// Reads a principal of a bucket policy.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        if text == "*" {
            return Ok(Self::Anybody);
        }
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(Self::Id(text.into()));
        }
        if let Some(rest) = text.strip_prefix("arn:sts::") {
            let bad = "an assumed role is named arn:sts::UID:assumed-role/ROLE/SESSION";
            let (uid, rest) = rest.split_once(":assumed-role/").ok_or(bad)?;
            let (role, session) = rest.split_once('/').ok_or(bad)?;
            if !is_uid(uid) || role.is_empty() || session.is_empty() {
                return Err(bad);
            }
            return Ok(Self::Session(
                Glob::stars(uid),
                Glob::stars(role),
                Glob::stars(session),
            ));
        }
        Self::ram(text).ok_or(
            "neither \"*\", an account or user id, nor an ARN of an account, user, role or session",
        )
    }

    /// Reads `acs:ram::UID:root`, `…:user/NAME` or `…:role/NAME`.
    pub(crate) fn ram(text: &str) -> Option<Self> {
        let (uid, name) = text.strip_prefix("acs:ram::")?.split_once(':')?;
        if !is_uid(uid) {
            return None;
        }
        let uid = Glob::stars(uid);
        if name == "root" {
            return Some(Self::Root(uid));
        }
        let (kind, name) = name.split_once('/')?;
        match (kind, name) {
            (_, "") => None,
            ("user", name) => Some(Self::User(uid, Glob::stars(name))),
            // Role names are stored in lower case (sts.md §3).
            ("role", name) => Some(Self::Role(uid, Glob::stars(&name.to_ascii_lowercase()))),
            _ => None,
        }
    }

    /// Whether a bucket policy's principal means this caller.
    pub(crate) fn meets(&self, caller: &Caller<'_>) -> bool {
        match (self, caller) {
            (Self::Anybody, _) => true,
            (Self::Id(want), Caller::Root { account }) => **want == **account,
            (Self::Id(want), Caller::User { id, .. }) => **want == **id,
            (Self::Root(uid), Caller::Root { account }) => uid.matches(account),
            (Self::User(uid, want), Caller::User { account, name, .. }) => {
                want.matches(name) && uid.matches(account)
            }
            (Self::Role(uid, want), Caller::Session { account, role, .. }) => {
                want.matches(Lower::of(role).as_str()) && uid.matches(account)
            }
            (
                Self::Session(uid, want_role, want_session),
                Caller::Session {
                    account,
                    role,
                    session,
                    ..
                },
            ) => want_role.matches(role) && want_session.matches(session) && uid.matches(account),
            _ => false,
        }
    }

    /// Whether a trust policy's principal means this caller: there the account stands for all of its users and roles.
    pub(crate) fn trusts(&self, caller: &Caller<'_>) -> bool {
        match (self, caller.account()) {
            (Self::Root(uid), Some(account)) => uid.matches(account),
            (Self::Anybody, _) => false,
            _ => self.meets(caller),
        }
    }

    /// Whether it names somebody (access-control.md §4.5). A session ARN that leaves only the session open does.
    pub(crate) fn is_fixed(&self) -> bool {
        let fixed = |glob: &Glob| !glob.has_stars();
        match self {
            Self::Anybody => false,
            Self::Id(_) | Self::Nobody => true,
            Self::Root(uid) => fixed(uid),
            Self::User(uid, name) | Self::Role(uid, name) => fixed(uid) && fixed(name),
            Self::Session(uid, role, _) => fixed(uid) && fixed(role),
        }
    }
}

/// An id, or a pattern of one.
fn is_uid(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: Caller<'static> = Caller::User {
        account: "1000000000000001",
        id: "300000000000000003",
        name: "alice",
        policies: &[],
    };
    const ROOT: Caller<'static> = Caller::Root {
        account: "1000000000000001",
    };
    const SESSION: Caller<'static> = Caller::Session {
        account: "1000000000000001",
        role_id: "400000000000000004",
        role: "reader",
        session: "alice",
        policies: &[],
        session_policy: None,
    };

    #[test]
    fn whom_a_principal_means() {
        // principal, user, root, session, anonymous
        let cases = [
            ("*", [true, true, true, true]),
            ("1000000000000001", [false, true, false, false]),
            ("300000000000000003", [true, false, false, false]),
            ("2000000000000002", [false; 4]),
            (
                "acs:ram::1000000000000001:root",
                [false, true, false, false],
            ),
            (
                "acs:ram::1000000000000001:user/alice",
                [true, false, false, false],
            ),
            ("acs:ram::1000000000000001:user/Alice", [false; 4]),
            (
                "acs:ram::1000000000000001:user/*",
                [true, false, false, false],
            ),
            (
                "acs:ram::1000000000000001:role/Reader",
                [false, false, true, false],
            ),
            ("acs:ram::2000000000000002:role/reader", [false; 4]),
            (
                "arn:sts::1000000000000001:assumed-role/reader/alice",
                [false, false, true, false],
            ),
            (
                "arn:sts::1000000000000001:assumed-role/reader/*",
                [false, false, true, false],
            ),
            (
                "arn:sts::1000000000000001:assumed-role/Reader/*",
                [false; 4],
            ),
            (
                "arn:sts::1000000000000001:assumed-role/reader/bob",
                [false; 4],
            ),
            (
                "arn:sts::2000000000000002:assumed-role/reader/alice",
                [false; 4],
            ),
        ];
        for (text, meets) in cases {
            let principal = PrincipalPattern::parse(text).unwrap();
            let found =
                [USER, ROOT, SESSION, Caller::Anonymous].map(|caller| principal.meets(&caller));
            assert_eq!(found, meets, "{text}");
        }
    }

    #[test]
    fn whom_a_trust_policy_means() {
        let cases = [
            ("acs:ram::1000000000000001:root", [true, true, true, false]),
            (
                "acs:ram::1000000000000001:user/alice",
                [true, false, false, false],
            ),
            (
                "acs:ram::1000000000000001:role/READER",
                [false, false, true, false],
            ),
            ("acs:ram::2000000000000002:root", [false; 4]),
        ];
        for (text, trusts) in cases {
            let principal = PrincipalPattern::ram(text).unwrap();
            let found =
                [USER, ROOT, SESSION, Caller::Anonymous].map(|caller| principal.trusts(&caller));
            assert_eq!(found, trusts, "{text}");
        }
    }

    #[test]
    fn what_is_no_principal() {
        for text in [
            "",
            "alice",
            "100*",
            "acs:ram::x:root",
            "acs:ram::1:user/",
            "acs:ram::1:group/x",
            "arn:sts::1:assumed-role/r",
            "arn:sts::1:assumed-role//s",
            "arn:aws:iam::1:root",
        ] {
            assert!(PrincipalPattern::parse(text).is_err(), "{text}");
        }
    }
}
