//! Who signs.

use fosse_oss::sign;

/// What a client signs with.
#[derive(Clone)]
pub enum Credentials {
    /// Nothing: requests go out unsigned.
    Anonymous,
    /// An AccessKey, with its security token when it is a temporary one.
    Key(sign::Credentials),
}

impl Credentials {
    /// A permanent AccessKey, or a temporary one when `token` is given.
    pub fn key(id: impl Into<String>, secret: impl Into<String>, token: Option<String>) -> Self {
        Self::Key(sign::Credentials {
            access_key_id: id.into(),
            access_key_secret: secret.into(),
            security_token: token,
        })
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Anonymous => f.write_str("Anonymous"),
            Self::Key(key) => f.debug_tuple("Key").field(&key.access_key_id).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Credentials;

    #[test]
    fn debug_shows_no_secret() {
        let text = format!(
            "{:?}",
            Credentials::key("ID", "SECRET", Some("TOKEN".to_owned()))
        );
        assert_eq!(text, "Key(\"ID\")");
    }
}
