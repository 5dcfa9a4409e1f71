//! Why each statement of each policy does or does not apply to a request: the long answer, for people. Slow, and never part
//! of a decision.

use crate::decide::Facts;
use crate::policy::{Effect, Meets, Policy, Question};

/// One statement and what it has to do with the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementReport {
    /// `session policy`, `bucket policy`, or the name of an attached policy.
    pub policy: String,
    /// Index of the statement, from 0.
    pub statement: usize,
    /// Its `Sid`.
    pub sid: Option<String>,
    /// Its effect.
    pub effect: Effect,
    /// Whether it applies, and if not why.
    pub fit: Fit,
}

/// Whether a statement applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// It does.
    Applies,
    /// It is about other actions.
    OtherAction,
    /// It is about other callers.
    OtherPrincipal,
    /// It is about other resources.
    OtherResource,
    /// This condition does not hold (operator and key as written).
    Condition(String),
    /// It is a public grant, and those are blocked.
    PublicAccessBlocked,
}

impl std::fmt::Display for StatementReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, statement {}", self.policy, self.statement)?;
        if let Some(sid) = &self.sid {
            write!(f, " ({sid})")?;
        }
        let effect = match self.effect {
            Effect::Allow => "Allow",
            Effect::Deny => "Deny",
        };
        match &self.fit {
            Fit::Applies => write!(f, ": {effect}"),
            Fit::OtherAction => write!(f, ": {effect} of other actions"),
            Fit::OtherPrincipal => write!(f, ": {effect} for other callers"),
            Fit::OtherResource => write!(f, ": {effect} on other resources"),
            Fit::Condition(label) => {
                write!(f, ": {effect}, but the condition {label} does not hold")
            }
            Fit::PublicAccessBlocked => write!(f, ": {effect} to everybody, which is blocked"),
        }
    }
}

/// Every statement that has a say about the request, in the order of evaluation.
pub fn explain(facts: &Facts<'_>) -> Vec<StatementReport> {
    let question = facts.question();
    let mut reports = Vec::new();
    if let Some(policy) = facts.caller.session_policy() {
        report("session policy", policy, &question, &mut reports);
    }
    for attached in facts.attached() {
        report(&attached.name, &attached.policy, &question, &mut reports);
    }
    if let Some(policy) = facts.bucket.and_then(|bucket| bucket.policy) {
        report("bucket policy", policy, &question, &mut reports);
    }
    reports
}

fn report(name: &str, policy: &Policy, question: &Question<'_>, out: &mut Vec<StatementReport>) {
    for (at, statement) in policy.statements.iter().enumerate() {
        let fit = match statement.meets(question) {
            Meets::Yes => Fit::Applies,
            Meets::OtherAction => Fit::OtherAction,
            Meets::OtherPrincipal => Fit::OtherPrincipal,
            Meets::OtherResource => Fit::OtherResource,
            Meets::Condition(index) => Fit::Condition(
                statement
                    .conditions
                    .get(index)
                    .map(|condition| condition.label.to_string())
                    .unwrap_or_default(),
            ),
            Meets::Blocked => Fit::PublicAccessBlocked,
        };
        out.push(StatementReport {
            policy: name.to_owned(),
            statement: at,
            sid: statement.sid.as_deref().map(str::to_owned),
            effect: statement.effect,
            fit,
        });
    }
}
