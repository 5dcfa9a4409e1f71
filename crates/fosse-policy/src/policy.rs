//! A policy, compiled: statements and what they say about a request (access-control.md §3, §4).

use crate::caller::Caller;
use crate::condition::Condition;
use crate::context::{Context, Needs};
use crate::glob::Glob;
use crate::lower::Lower;
use crate::principal::PrincipalPattern;
use crate::resource::{Place, Resource, ResourcePattern};

/// What a policy, or a rule, says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Allowed.
    Allow,
    /// Refused.
    Deny,
    /// No opinion.
    Ignore,
}

/// `Effect` of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// `Allow`.
    Allow,
    /// `Deny`.
    Deny,
}

/// A policy of a bucket, an identity or a session, ready to be evaluated. Immutable; share it in an `Arc`.
///
/// Made by [`Policy::bucket`], [`Policy::ram`] and [`Policy::session`].
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    pub(crate) statements: Box<[Statement]>,
    needs: Needs,
}

/// One statement.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Statement {
    pub(crate) effect: Effect,
    pub(crate) actions: Actions,
    /// `None`: the kind of policy has none, and its holder is meant.
    pub(crate) principals: Option<Box<[PrincipalPattern]>>,
    pub(crate) resources: Box<[ResourcePattern]>,
    pub(crate) conditions: Box<[Condition]>,
    /// `Sid`, for explanations.
    pub(crate) sid: Option<Box<str>>,
}

/// `Action` or `NotAction`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Actions {
    pub(crate) not: bool,
    pub(crate) patterns: Box<[ActionPattern]>,
}

/// An action in lower case.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ActionPattern {
    Any,
    Exact(Box<str>),
    Glob(Glob),
}

impl ActionPattern {
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let lower = text.to_ascii_lowercase();
        if lower == "*" {
            return Ok(Self::Any);
        }
        let named = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'*' | b'-' | b'_' | b'.'))
        };
        match lower.split_once(':') {
            Some((service, name)) if named(service) && named(name) => {}
            _ => return Err("an action is \"*\" or SERVICE:NAME"),
        }
        Ok(if lower.contains('*') {
            Self::Glob(Glob::stars(&lower))
        } else {
            Self::Exact(lower.into())
        })
    }

    pub(crate) fn matches(&self, lower: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(action) => **action == *lower,
            Self::Glob(glob) => glob.matches(lower),
        }
    }
}

/// A question to a policy. Made once a request and action, and put to every policy that has a say.
pub(crate) struct Question<'a> {
    pub(crate) caller: Caller<'a>,
    pub(crate) action: Lower,
    pub(crate) resource: Resource<'a>,
    pub(crate) place: Place<'a>,
    pub(crate) context: &'a Context<'a>,
    /// The caller is the account that owns the bucket.
    pub(crate) owner: bool,
    /// Public grants do not count (block public access).
    pub(crate) no_public: bool,
}

/// What a policy says, and the statement that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) verdict: Verdict,
    pub(crate) statement: Option<usize>,
}

/// How far a statement meets a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meets {
    Yes,
    OtherAction,
    OtherPrincipal,
    OtherResource,
    /// The condition with this index does not hold.
    Condition(usize),
    /// It would be a public grant, and those are blocked.
    Blocked,
}

impl Policy {
    pub(crate) fn new(statements: Vec<Statement>) -> Self {
        let needs = statements
            .iter()
            .flat_map(|statement| &statement.conditions)
            .fold(Needs::default(), |needs, condition| {
                needs.and(condition.needs())
            });
        Self {
            statements: statements.into(),
            needs,
        }
    }

    /// What its conditions ask for.
    pub fn needs(&self) -> Needs {
        self.needs
    }

    /// Number of statements.
    pub fn len(&self) -> usize {
        self.statements.len()
    }

    /// Whether there is no statement, so that it never says anything.
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    /// Whether a bucket policy grants something to everybody (access-control.md §4.5).
    pub fn is_public(&self) -> bool {
        self.statements.iter().any(Statement::is_public)
    }

    /// Whether some statement looks at the client's address without looking at the VPC: what the public service refuses
    /// since 2026 (access-control.md §4.2).
    pub fn has_source_ip_without_vpc(&self) -> bool {
        self.statements.iter().any(|statement| {
            let (ip, vpc) = statement
                .conditions
                .iter()
                .map(Condition::names)
                .fold((false, false), |seen, names| {
                    (seen.0 || names.0, seen.1 || names.1)
                });
            ip && !vpc
        })
    }

    /// Deny wins; the first statement with the verdict is named.
    pub(crate) fn ask(&self, question: &Question<'_>) -> Said {
        let mut said = Said {
            verdict: Verdict::Ignore,
            statement: None,
        };
        for (at, statement) in self.statements.iter().enumerate() {
            if said.verdict == Verdict::Allow && statement.effect == Effect::Allow {
                continue;
            }
            if statement.meets(question) != Meets::Yes {
                continue;
            }
            said = Said {
                verdict: match statement.effect {
                    Effect::Allow => Verdict::Allow,
                    Effect::Deny => Verdict::Deny,
                },
                statement: Some(at),
            };
            if said.verdict == Verdict::Deny {
                break;
            }
        }
        said
    }
}

impl Statement {
    pub(crate) fn meets(&self, question: &Question<'_>) -> Meets {
        let action = question.action.as_str();
        let listed = self
            .actions
            .patterns
            .iter()
            .any(|pattern| pattern.matches(action));
        if listed == self.actions.not {
            return Meets::OtherAction;
        }
        if let Some(principals) = &self.principals {
            let conditional = !self.conditions.is_empty();
            let met = principals.iter().any(|principal| {
                // "*" without condition leaves the owner out (access-control.md §4.3).
                principal.meets(&question.caller)
                    && !(question.owner && !conditional && *principal == PrincipalPattern::Anybody)
            });
            if !met {
                return Meets::OtherPrincipal;
            }
        }
        let here =
            |resource: &ResourcePattern| resource.matches(&question.resource, &question.place);
        if !self.resources.iter().any(here) {
            return Meets::OtherResource;
        }
        let doubt = self.effect == Effect::Deny;
        let failed = self
            .conditions
            .iter()
            .position(|condition| !condition.holds(question.context, doubt));
        if let Some(at) = failed {
            return Meets::Condition(at);
        }
        if question.no_public && self.is_public() {
            return Meets::Blocked;
        }
        Meets::Yes
    }

    /// Whether it grants something to everybody.
    pub(crate) fn is_public(&self) -> bool {
        let named = self
            .principals
            .as_ref()
            .is_none_or(|all| all.iter().all(PrincipalPattern::is_fixed));
        self.effect == Effect::Allow
            && !named
            && !self.conditions.iter().any(|condition| condition.narrows)
    }
}
