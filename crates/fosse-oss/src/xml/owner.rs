//! `Owner`, part of several documents.

use super::{Element, Writer};

/// Who owns a bucket, object or upload.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Owner {
    /// Account id.
    pub id: String,
    /// Display name; OSS repeats the id.
    pub display_name: String,
}

impl Owner {
    /// An owner shown under its id.
    pub fn of(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            display_name: id.to_owned(),
        }
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.element("Owner", |w| {
            w.text("ID", &self.id);
            w.text("DisplayName", &self.display_name);
        });
    }

    /// The `Owner` child of an element.
    pub(super) fn read(parent: &Element) -> Option<Self> {
        parent.child("Owner").map(|owner| Self {
            id: owner.text_of("ID").to_owned(),
            display_name: owner.text_of("DisplayName").to_owned(),
        })
    }
}
