//! Flags that say what a new object is like: type, metadata, ACL, class, tags.

use clap::Args;

use crate::failure::{Failure, Result};

/// Flags that say what a new object is like.
#[derive(Args, Debug, Clone)]
pub(crate) struct ObjectFlags {
    /// ACL of the new object: default, private, public-read or public-read-write
    #[arg(long, value_name = "ACL", value_parser = ["default", "private", "public-read", "public-read-write"])]
    pub(crate) acl: Option<String>,
    /// Standard, IA, Archive, ColdArchive or DeepColdArchive
    #[arg(long, value_name = "CLASS")]
    pub(crate) storage_class: Option<String>,
    /// Tags of the new object; repeatable
    #[arg(long, value_name = "NAME=VALUE", value_delimiter = ',')]
    pub(crate) tagging: Vec<String>,
    /// Metadata of the new object (x-oss-meta-NAME); repeatable
    #[arg(long, value_name = "NAME=VALUE", value_delimiter = ',')]
    pub(crate) metadata: Vec<String>,
    /// Content-Type [default: by the extension of the name]
    #[arg(long, value_name = "TYPE")]
    pub(crate) content_type: Option<String>,
    /// Content-Disposition
    #[arg(long, value_name = "VALUE")]
    pub(crate) content_disposition: Option<String>,
    /// Content-Encoding
    #[arg(long, value_name = "VALUE")]
    pub(crate) content_encoding: Option<String>,
    /// Cache-Control
    #[arg(long, value_name = "VALUE")]
    pub(crate) cache_control: Option<String>,
    /// Expires
    #[arg(long, value_name = "VALUE")]
    pub(crate) expires: Option<String>,
    /// Fail when the target exists
    #[arg(long)]
    pub(crate) forbid_overwrite: bool,
}

impl ObjectFlags {
    /// Headers from the flags about the new object.
    pub(crate) fn headers(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let mut headers: Vec<(String, Vec<u8>)> = Vec::new();
        let plain = [
            ("content-type", &self.content_type),
            ("content-disposition", &self.content_disposition),
            ("content-encoding", &self.content_encoding),
            ("cache-control", &self.cache_control),
            ("expires", &self.expires),
            ("x-oss-object-acl", &self.acl),
            ("x-oss-storage-class", &self.storage_class),
        ];
        for (name, value) in plain {
            if let Some(value) = value {
                headers.push((name.to_owned(), value.as_bytes().to_vec()));
            }
        }
        let pair = |text: &str| match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
            _ => Err(Failure::usage(format!("`{text}` is not NAME=VALUE"))),
        };
        for text in &self.metadata {
            let (name, value) = pair(text)?;
            headers.push((
                format!("x-oss-meta-{}", name.to_ascii_lowercase()),
                value.into_bytes(),
            ));
        }
        let mut tags = String::new();
        for text in &self.tagging {
            let (name, value) = pair(text)?;
            if !tags.is_empty() {
                tags.push('&');
            }
            fosse_oss::encode::encode_component(name.as_bytes(), &mut tags);
            tags.push('=');
            fosse_oss::encode::encode_component(value.as_bytes(), &mut tags);
        }
        if !tags.is_empty() {
            headers.push(("x-oss-tagging".to_owned(), tags.into_bytes()));
        }
        if self.forbid_overwrite {
            headers.push(("x-oss-forbid-overwrite".to_owned(), b"true".to_vec()));
        }
        Ok(headers)
    }
}
