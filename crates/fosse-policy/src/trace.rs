//! How a decision came about: the rules that were asked, in order, and for each policy the statement that spoke.

use crate::policy::Verdict;

/// A rule that was asked, in the order of access-control.md §2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// Preflight is never authorized.
    Preflight,
    /// The policy of the session, which has to allow.
    SessionPolicy,
    /// The policies attached to the user, its groups, or the role.
    RamPolicy,
    /// The policy of the bucket.
    BucketPolicy,
    /// The owner keeps control of the bucket's policy, whatever it says.
    LockOutGuard,
    /// The account itself may do everything to its own.
    Owner,
    /// Management operations are the owner's alone.
    Management,
    /// The object's own ACL.
    ObjectAcl,
    /// The bucket's ACL.
    BucketAcl,
    /// An ACL would have allowed it, but public access is blocked.
    PublicAccessBlock,
    /// Operations on an object that no ACL opens.
    OwnerOnly,
}

/// The statement that spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Source {
    /// Which of the attached policies; 0 where there is only one.
    pub policy: u16,
    /// Which statement of it, from 0.
    pub statement: u16,
}

/// A rule and what it said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Step {
    /// The rule.
    pub rule: Rule,
    /// What it said.
    pub verdict: Verdict,
    /// The statement, where a policy spoke.
    pub source: Option<Source>,
}

/// The rules that were asked, in order; the last one decided. For logs and explanations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trace {
    steps: [Option<Step>; Trace::CAPACITY],
}

impl Trace {
    /// As long as the longest chain of rules.
    const CAPACITY: usize = 8;

    pub(crate) fn add(&mut self, step: Step) {
        if let Some(free) = self.steps.iter_mut().find(|step| step.is_none()) {
            *free = Some(step);
        }
    }

    /// The steps in order.
    pub fn steps(&self) -> impl Iterator<Item = Step> + '_ {
        self.steps.iter().flatten().copied()
    }

    /// What a rule said, if it was asked.
    pub fn step(&self, rule: Rule) -> Option<Step> {
        self.steps().find(|step| step.rule == rule)
    }
}
