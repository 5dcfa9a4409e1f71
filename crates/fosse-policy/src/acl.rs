//! Access control lists (access-control.md §5): what they open to callers other than the owner.

/// ACL of a bucket, or of an object that has its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Acl {
    /// Nothing. What everything has unless said otherwise.
    #[default]
    Private,
    /// Objects may be read.
    PublicRead,
    /// Objects may be read, written and deleted.
    PublicReadWrite,
}

impl Acl {
    /// Whether objects under this ACL may be read by anybody.
    pub fn opens_read(self) -> bool {
        matches!(self, Acl::PublicRead | Acl::PublicReadWrite)
    }

    /// Whether objects under this ACL may be written and deleted by anybody.
    pub fn opens_write(self) -> bool {
        self == Acl::PublicReadWrite
    }
}

/// ACL of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ObjectAcl {
    /// The bucket's ACL decides. Also the ACL of a key that does not exist.
    #[default]
    Default,
    /// Overrides the bucket's ACL, in both directions.
    Own(Acl),
}
