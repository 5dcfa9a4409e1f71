//! Policies that come with Fosse. Their names are those of the service, so that applications and Terraform find them.

/// A policy that every account has.
pub(crate) struct SystemPolicy {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) text: &'static str,
}

/// All of them, by name.
pub(crate) static SYSTEM_POLICIES: [SystemPolicy; 8] = [
    SystemPolicy {
        name: "AdministratorAccess",
        description: "Provides full access to everything.",
        text: r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
    },
    SystemPolicy {
        name: "AliyunOSSFullAccess",
        description: "Provides full access to Object Storage Service via Management Console.",
        text: r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"oss:*","Resource":"*"}]}"#,
    },
    SystemPolicy {
        name: "AliyunOSSReadOnlyAccess",
        description: "Provides read-only access to Object Storage Service via Management Console.",
        text: r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":["oss:Get*","oss:List*"],"Resource":"*"}]}"#,
    },
    SystemPolicy {
        name: "AliyunRAMFullAccess",
        description: "Provides full access to Resource Access Management via Management Console.",
        text: r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"ram:*","Resource":"*"}]}"#,
    },
    SystemPolicy {
        name: "AliyunRAMReadOnlyAccess",
        description: "Provides read-only access to Resource Access Management via Management Console.",
        text: r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":["ram:Get*","ram:List*"],"Resource":"*"}]}"#,
    },
    SystemPolicy {
        name: "AliyunSTSAssumeRoleAccess",
        description: "Provides access to the AssumeRole action of Security Token Service.",
        text: r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}"#,
    },
    SystemPolicy {
        name: "AliyunSTSFullAccess",
        description: "Provides full access to Security Token Service.",
        text: r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:*","Resource":"*"}]}"#,
    },
    SystemPolicy {
        name: "ReadOnlyAccess",
        description: "Provides read-only access to everything.",
        text: r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":["oss:Get*","oss:List*","ram:Get*","ram:List*"],"Resource":"*"}]}"#,
    },
];

/// The system policy of this name, in any case.
pub(crate) fn find(name: &str) -> Option<&'static SystemPolicy> {
    SYSTEM_POLICIES
        .iter()
        .find(|policy| policy.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_policies_in_the_order_of_their_names() {
        for policy in &SYSTEM_POLICIES {
            fosse_policy::Policy::ram(policy.text.as_bytes()).unwrap();
        }
        assert!(SYSTEM_POLICIES.is_sorted_by_key(|policy| policy.name.to_ascii_lowercase()));
    }
}
