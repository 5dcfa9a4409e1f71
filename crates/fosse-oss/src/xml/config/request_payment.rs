//! `RequestPaymentConfiguration`: who pays for requests (access-control.md §7).

use crate::OssError;
use crate::xml::read::malformed;
use crate::xml::{Element, Writer};

/// Who pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Payer {
    /// The owner of the bucket.
    #[default]
    BucketOwner,
    /// Who asks; a request has to say that it agrees.
    Requester,
}

/// The payment setting of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RequestPaymentConfiguration {
    /// `Payer`.
    pub payer: Payer,
}

impl RequestPaymentConfiguration {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("RequestPaymentConfiguration", |w| {
            w.text(
                "Payer",
                match self.payer {
                    Payer::BucketOwner => "BucketOwner",
                    Payer::Requester => "Requester",
                },
            );
        })
    }

    /// Reads the document. Errors: 400 `MalformedXML`, also for a payer that is missing or unknown.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse_kept(bytes, "RequestPaymentConfiguration")?;
        let payer = match root.value_of("Payer") {
            Some("BucketOwner") => Payer::BucketOwner,
            Some("Requester") => Payer::Requester,
            _ => return Err(malformed()),
        };
        Ok(Self { payer })
    }
}
