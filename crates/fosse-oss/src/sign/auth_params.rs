//! The query parameters that carry a signature (§1.1).

use super::{Param, Params};

/// The query parameters that authenticate: sets A and B of §1.1, the tokens, and the limits to
/// places. Each is the first of its name.
#[derive(Default)]
pub(super) struct AuthParams<'p, 'a> {
    pub(super) key_id: Option<&'p Param<'a>>,
    pub(super) v1_expires: Option<&'p Param<'a>>,
    pub(super) v1_signature: Option<&'p Param<'a>>,
    pub(super) version: Option<&'p Param<'a>>,
    pub(super) credential: Option<&'p Param<'a>>,
    pub(super) date: Option<&'p Param<'a>>,
    pub(super) v4_expires: Option<&'p Param<'a>>,
    pub(super) v4_signature: Option<&'p Param<'a>>,
    pub(super) additional: Option<&'p Param<'a>>,
    pub(super) v1_token: Option<&'p Param<'a>>,
    pub(super) v4_token: Option<&'p Param<'a>>,
    pub(super) source_ip: Option<&'p Param<'a>>,
    pub(super) subnet_mask: Option<&'p Param<'a>>,
    pub(super) vpc_id: Option<&'p Param<'a>>,
    pub(super) forward_allow: Option<&'p Param<'a>>,
    pub(super) doubled: Option<&'static str>,
}

impl<'p, 'a> AuthParams<'p, 'a> {
    pub(super) fn collect(params: &'p Params<'a>) -> Self {
        let mut sent = Self::default();
        for param in params.iter() {
            let (slot, name) = match param.name() {
                b"OSSAccessKeyId" => (&mut sent.key_id, "OSSAccessKeyId"),
                b"Expires" => (&mut sent.v1_expires, "Expires"),
                b"Signature" => (&mut sent.v1_signature, "Signature"),
                b"x-oss-signature-version" => (&mut sent.version, "x-oss-signature-version"),
                b"x-oss-credential" => (&mut sent.credential, "x-oss-credential"),
                b"x-oss-date" => (&mut sent.date, "x-oss-date"),
                b"x-oss-expires" => (&mut sent.v4_expires, "x-oss-expires"),
                b"x-oss-signature" => (&mut sent.v4_signature, "x-oss-signature"),
                b"x-oss-additional-headers" => (&mut sent.additional, "x-oss-additional-headers"),
                b"security-token" => (&mut sent.v1_token, "security-token"),
                b"x-oss-security-token" => (&mut sent.v4_token, "x-oss-security-token"),
                b"x-oss-ac-source-ip" => (&mut sent.source_ip, "x-oss-ac-source-ip"),
                b"x-oss-ac-subnet-mask" => (&mut sent.subnet_mask, "x-oss-ac-subnet-mask"),
                b"x-oss-ac-vpc-id" => (&mut sent.vpc_id, "x-oss-ac-vpc-id"),
                b"x-oss-ac-forward-allow" => (&mut sent.forward_allow, "x-oss-ac-forward-allow"),
                _ => continue,
            };
            if slot.is_some() {
                sent.doubled = Some(name);
            } else {
                *slot = Some(param);
            }
        }
        sent
    }

    pub(super) fn any_v1(&self) -> bool {
        self.key_id.is_some() || self.v1_expires.is_some() || self.v1_signature.is_some()
    }

    pub(super) fn any(&self) -> bool {
        self.any_v1()
            || self.version.is_some()
            || self.credential.is_some()
            || self.date.is_some()
            || self.v4_expires.is_some()
            || self.v4_signature.is_some()
            || self.additional.is_some()
    }
}
