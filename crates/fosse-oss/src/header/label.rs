//! Headers and elements with a closed list of values.

use crate::{ErrorCode, OssError};

macro_rules! labels {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs)]
        pub enum $name { $($variant,)+ }

        impl $name {
            /// Every value, in the order of the documentation.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The text on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }

            /// The value of a text, exactly as on the wire; `None` when there is no such value.
            pub fn from_text(text: &str) -> Option<Self> {
                match text { $($text => Some($name::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

labels! {
    /// `x-oss-acl` of a bucket. Everything is private unless said otherwise.
    BucketAcl { Private = "private", PublicRead = "public-read", PublicReadWrite = "public-read-write" }
}

labels! {
    /// `x-oss-object-acl`; `default` leaves the decision to the bucket.
    ObjectAcl {
        Default = "default",
        Private = "private",
        PublicRead = "public-read",
        PublicReadWrite = "public-read-write",
    }
}

labels! {
    /// `x-oss-storage-class`.
    StorageClass {
        Standard = "Standard",
        IA = "IA",
        Archive = "Archive",
        ColdArchive = "ColdArchive",
        DeepColdArchive = "DeepColdArchive",
    }
}

labels! {
    /// `DataRedundancyType` of a bucket.
    DataRedundancy { Lrs = "LRS", Zrs = "ZRS" }
}

labels! {
    /// `x-oss-server-side-encryption`.
    ServerSideEncryption { Aes256 = "AES256", Kms = "KMS", Sm4 = "SM4" }
}

labels! {
    /// `x-oss-metadata-directive` of a copy.
    Directive { Copy = "COPY", Replace = "REPLACE" }
}

impl BucketAcl {
    /// Reads `x-oss-acl`. Errors: 400 `InvalidArgument`, EC 0015-00000204.
    pub fn parse(value: &str) -> Result<Self, OssError> {
        Self::from_text(value).ok_or_else(|| {
            OssError::invalid_argument("x-oss-acl", value, "no such bucket access control exists")
                .with_ec("0015-00000204")
        })
    }
}

impl ObjectAcl {
    /// Reads `x-oss-object-acl`. Errors: 400 `InvalidArgument`, EC 0017-00000104.
    pub fn parse(value: &str) -> Result<Self, OssError> {
        Self::from_text(value).ok_or_else(|| {
            let message = "no such object access control exists";
            OssError::invalid_argument("x-oss-object-acl", value, message).with_ec("0017-00000104")
        })
    }
}

impl StorageClass {
    /// Reads `x-oss-storage-class` of an object. Errors: 400 `InvalidArgument`.
    pub fn parse(value: &str) -> Result<Self, OssError> {
        Self::from_text(value).ok_or_else(|| {
            OssError::invalid_argument(
                "x-oss-storage-class",
                value,
                "No such object storage class exists.",
            )
        })
    }

    /// Reads `StorageClass` of a bucket. Errors: 400 `InvalidArgument`, EC 0013-00000101.
    pub fn parse_for_bucket(value: &str) -> Result<Self, OssError> {
        Self::from_text(value).ok_or_else(|| {
            OssError::invalid_argument(
                "StorageClass",
                value,
                "No such bucket storage class exists.",
            )
            .with_ec("0013-00000101")
        })
    }
}

impl ServerSideEncryption {
    /// Reads `x-oss-server-side-encryption`. Errors: 400 `InvalidEncryptionAlgorithmError`.
    pub fn parse(value: &str) -> Result<Self, OssError> {
        Self::from_text(value)
            .ok_or_else(|| OssError::new(ErrorCode::InvalidEncryptionAlgorithmError))
    }
}

impl Directive {
    /// Reads `x-oss-metadata-directive`, case-insensitively as `x-oss-tagging-directive` is. Errors: 400 `InvalidArgument`.
    pub fn parse(value: &str) -> Result<Self, OssError> {
        Self::parse_named("x-oss-metadata-directive", value)
    }

    fn parse_named(name: &str, value: &str) -> Result<Self, OssError> {
        Self::from_text(&value.to_ascii_uppercase()).ok_or_else(|| {
            OssError::invalid_argument(name, value, format!("The {name} must be COPY or REPLACE."))
        })
    }
}

/// Reads `x-oss-tagging-directive` (`Copy`, `Replace` in any case). Errors: 400 `InvalidArgument`.
pub fn parse_tagging_directive(value: &str) -> Result<Directive, OssError> {
    Directive::parse_named("x-oss-tagging-directive", value)
}

/// Reads a header that is `true` or `false` (in any case), such as `x-oss-forbid-overwrite`.
///
/// Errors: 400 `InvalidArgument` naming the header.
pub fn parse_flag(name: &str, value: &str) -> Result<bool, OssError> {
    if value.eq_ignore_ascii_case("true") {
        Ok(true)
    } else if value.eq_ignore_ascii_case("false") {
        Ok(false)
    } else {
        Err(OssError::invalid_argument(
            name,
            value,
            format!("The {name} must be true or false."),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_exactly() {
        assert_eq!(
            BucketAcl::parse("public-read").unwrap(),
            BucketAcl::PublicRead
        );
        assert_eq!(ObjectAcl::parse("default").unwrap(), ObjectAcl::Default);
        assert_eq!(StorageClass::parse("IA").unwrap(), StorageClass::IA);
        assert_eq!(
            ServerSideEncryption::parse("AES256").unwrap(),
            ServerSideEncryption::Aes256
        );
        assert_eq!(Directive::parse("REPLACE").unwrap(), Directive::Replace);
        assert_eq!(parse_tagging_directive("Copy").unwrap(), Directive::Copy);
        assert!(parse_flag("x-oss-forbid-overwrite", "true").unwrap());
        assert!(!parse_flag("x-oss-forbid-overwrite", "False").unwrap());
        for acl in ObjectAcl::ALL {
            assert_eq!(ObjectAcl::from_text(acl.as_str()), Some(*acl));
        }
    }

    #[test]
    fn other_values_get_the_documented_refusal() {
        let cases = [
            (
                BucketAcl::parse("default").unwrap_err(),
                "no such bucket access control exists",
                "x-oss-acl",
                Some("0015-00000204"),
            ),
            (
                ObjectAcl::parse("PRIVATE").unwrap_err(),
                "no such object access control exists",
                "x-oss-object-acl",
                Some("0017-00000104"),
            ),
            (
                StorageClass::parse("standard").unwrap_err(),
                "No such object storage class exists.",
                "x-oss-storage-class",
                None,
            ),
            (
                StorageClass::parse_for_bucket("").unwrap_err(),
                "No such bucket storage class exists.",
                "StorageClass",
                Some("0013-00000101"),
            ),
            (
                Directive::parse("MOVE").unwrap_err(),
                "The x-oss-metadata-directive must be COPY or REPLACE.",
                "x-oss-metadata-directive",
                None,
            ),
            (
                parse_flag("x-oss-forbid-overwrite", "yes").unwrap_err(),
                "The x-oss-forbid-overwrite must be true or false.",
                "x-oss-forbid-overwrite",
                None,
            ),
        ];
        for (error, message, argument, ec) in cases {
            assert_eq!(
                (error.code(), error.status()),
                (ErrorCode::InvalidArgument, 400)
            );
            assert_eq!(error.message(), message);
            assert_eq!(error.extra()[0], ("ArgumentName", argument.to_owned()));
            assert_eq!(error.ec(), ec);
        }
        let error = ServerSideEncryption::parse("aes").unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidEncryptionAlgorithmError);
    }
}
