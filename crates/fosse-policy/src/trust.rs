//! Trust policies (sts.md §4): who may take on a role.

use crate::caller::Caller;
use crate::context::Context;
use crate::lower::Lower;
use crate::policy::{Effect, Policy, Statement, Verdict};

/// The trust policy of a role, compiled. Made by [`TrustPolicy::parse`].
#[derive(Debug, Clone, PartialEq)]
pub struct TrustPolicy(Policy);

impl TrustPolicy {
    pub(crate) fn new(statements: Vec<Statement>) -> Self {
        Self(Policy::new(statements))
    }

    /// Whether `caller` may take the role on by `action`, e.g. `sts:AssumeRole`. Deny wins. The caller's own policies have
    /// to allow it besides: [`decide_call`](crate::decide_call).
    pub fn ask(&self, caller: &Caller<'_>, action: &str, context: &Context<'_>) -> Verdict {
        let action = Lower::of(action);
        let mut verdict = Verdict::Ignore;
        for statement in &self.0.statements {
            let meant = statement
                .actions
                .patterns
                .iter()
                .any(|pattern| pattern.matches(action.as_str()))
                && statement
                    .principals
                    .iter()
                    .flatten()
                    .any(|principal| principal.trusts(caller));
            let doubt = statement.effect == Effect::Deny;
            if meant
                && statement
                    .conditions
                    .iter()
                    .all(|condition| condition.holds(context, doubt))
            {
                match statement.effect {
                    Effect::Deny => return Verdict::Deny,
                    Effect::Allow => verdict = Verdict::Allow,
                }
            }
        }
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: Caller<'static> = Caller::User {
        account: "1000000000000001",
        id: "300000000000000003",
        name: "alice",
        policies: &[],
    };

    fn trust(principal: &str, more: &str) -> TrustPolicy {
        let text = format!(
            r#"{{"Version":"1","Statement":[{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{principal}{more}}}]}}"#
        );
        TrustPolicy::parse(text.as_bytes()).unwrap()
    }

    fn ask(policy: &TrustPolicy, external_id: Option<&str>) -> Verdict {
        let context = Context {
            external_id,
            ..Context::UNKNOWN
        };
        policy.ask(&ALICE, "sts:AssumeRole", &context)
    }

    #[test]
    fn who_is_trusted() {
        for (principal, verdict) in [
            (
                r#"{"RAM":["acs:ram::1000000000000001:root"]}"#,
                Verdict::Allow,
            ),
            (
                r#"{"RAM":"acs:ram::1000000000000001:user/alice"}"#,
                Verdict::Allow,
            ),
            (
                r#"{"RAM":"acs:ram::1000000000000001:user/bob"}"#,
                Verdict::Ignore,
            ),
            (
                r#"{"RAM":"acs:ram::2000000000000002:root"}"#,
                Verdict::Ignore,
            ),
            (r#"{"Service":["ecs.aliyuncs.com"]}"#, Verdict::Ignore),
            (
                r#"{"Federated":"acs:ram::1:saml-provider/x"}"#,
                Verdict::Ignore,
            ),
        ] {
            assert_eq!(ask(&trust(principal, ""), None), verdict, "{principal}");
        }
    }

    #[test]
    fn the_external_id_is_asked_for() {
        let policy = trust(
            r#"{"RAM":["acs:ram::1000000000000001:root"]}"#,
            r#","Condition":{"StringEquals":{"sts:ExternalId":"abcd1234"}}"#,
        );
        assert_eq!(ask(&policy, Some("abcd1234")), Verdict::Allow);
        assert_eq!(ask(&policy, Some("other")), Verdict::Ignore);
        assert_eq!(ask(&policy, None), Verdict::Ignore);
        assert_eq!(
            policy.ask(&ALICE, "sts:AssumeRoleWithOIDC", &Context::UNKNOWN),
            Verdict::Ignore
        );
    }

    #[test]
    fn deny_wins() {
        let text = br#"{"Version":"1","Statement":[
            {"Effect":"Allow","Action":"sts:*","Principal":{"RAM":"acs:ram::1000000000000001:root"}},
            {"Effect":"Deny","Action":"sts:AssumeRole","Principal":{"RAM":"acs:ram::1000000000000001:user/alice"}}]}"#;
        assert_eq!(ask(&TrustPolicy::parse(text).unwrap(), None), Verdict::Deny);
    }

    #[test]
    fn nobody_is_trusted_by_a_principal_of_a_bucket_policy() {
        for principal in [
            r#""*""#,
            r#"["*"]"#,
            r#"{"RAM":"*"}"#,
            r#"{"RAM":[]}"#,
            "{}",
            r#"{"AWS":"x"}"#,
        ] {
            let text = format!(
                r#"{{"Version":"1","Statement":[{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{principal}}}]}}"#
            );
            assert!(TrustPolicy::parse(text.as_bytes()).is_err(), "{principal}");
        }
    }
}
