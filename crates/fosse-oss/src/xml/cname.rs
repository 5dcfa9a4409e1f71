//! Custom domains: `BucketCnameConfiguration` (PutCname, DeleteCname, CreateCnameToken), `CnameToken` and
//! `ListCnameResult` (delivery.md §4).

use super::{Element, Label, Writer};
use crate::time::{format_http, parse_http};
use crate::{ErrorCode, OssError};
use std::fmt;

/// Which domain, and for PutCname with which certificate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BucketCnameConfiguration {
    /// The domain name as it was sent.
    pub domain: String,
    /// What happens to its certificate; `None`: nothing.
    pub certificate: Option<CertificateConfiguration>,
}

/// A certificate to bind, or to take away. `Debug` leaves the private key out.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct CertificateConfiguration {
    /// A certificate that the server knows.
    pub cert_id: Option<String>,
    /// PEM of a new certificate.
    pub certificate: Option<String>,
    /// PEM of its private key.
    pub private_key: Option<String>,
    /// The certificate that must be in force.
    pub previous_cert_id: Option<String>,
    /// Whatever certificate is in force.
    pub force: bool,
    /// Takes the certificate away.
    pub delete: bool,
}

impl fmt::Debug for CertificateConfiguration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateConfiguration")
            .field("cert_id", &self.cert_id)
            .field("certificate", &self.certificate.is_some())
            .field("private_key", &self.private_key.is_some())
            .field("previous_cert_id", &self.previous_cert_id)
            .field("force", &self.force)
            .field("delete", &self.delete)
            .finish()
    }
}

impl BucketCnameConfiguration {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("BucketCnameConfiguration", |w| {
            w.element("Cname", |w| {
                w.text("Domain", &self.domain);
                if let Some(certificate) = &self.certificate {
                    w.element("CertificateConfiguration", |w| certificate.write(w));
                }
            });
        })
    }

    /// Reads the document. Whether the domain is one, and the certificate good, is not looked at.
    ///
    /// Errors: 400 `MalformedXML`, also without a domain.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse(bytes, "BucketCnameConfiguration")?;
        let cname = root.required("Cname")?;
        let domain = cname
            .value_of("Domain")
            .ok_or(OssError::new(ErrorCode::MalformedXml))?;
        let certificate = cname
            .child("CertificateConfiguration")
            .map(CertificateConfiguration::read)
            .transpose()?;
        Ok(Self {
            domain: domain.to_owned(),
            certificate,
        })
    }
}

impl CertificateConfiguration {
    fn write(&self, w: &mut Writer) {
        let texts = [
            ("CertId", &self.cert_id),
            ("Certificate", &self.certificate),
            ("PrivateKey", &self.private_key),
            ("PreviousCertId", &self.previous_cert_id),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                w.text(name, text);
            }
        }
        w.flag("Force", self.force);
        w.flag("DeleteCertificate", self.delete);
    }

    fn read(element: &Element) -> Result<Self, OssError> {
        let text = |name: &str| element.value_of(name).map(str::to_owned);
        Ok(Self {
            cert_id: text("CertId"),
            certificate: text("Certificate"),
            private_key: text("PrivateKey"),
            previous_cert_id: text("PreviousCertId"),
            force: element.flag_of("Force")?,
            delete: element.flag_of("DeleteCertificate")?,
        })
    }
}

/// The answer of CreateCnameToken and GetCnameToken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CnameToken {
    /// Bucket.
    pub bucket: String,
    /// Domain.
    pub cname: String,
    /// What the TXT record of `_dnsauth.DOMAIN` has to hold.
    pub token: String,
    /// When it stops counting, Unix seconds.
    pub expire_time: i64,
}

impl CnameToken {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("CnameToken", |w| {
            w.text("Bucket", &self.bucket);
            w.text("Cname", &self.cname);
            w.text("Token", &self.token);
            w.text("ExpireTime", &format_http(self.expire_time));
        })
    }

    /// Reads the document. Errors: 400 `MalformedXML`.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse(bytes, "CnameToken")?;
        Ok(Self {
            bucket: root.text_of("Bucket").to_owned(),
            cname: root.text_of("Cname").to_owned(),
            token: root.text_of("Token").to_owned(),
            expire_time: http_time(&root, "ExpireTime")?,
        })
    }
}

fn http_time(element: &Element, name: &str) -> Result<i64, OssError> {
    element
        .value_of(name)
        .and_then(parse_http)
        .ok_or(ErrorCode::MalformedXml.into())
}

/// The answer of ListCname.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListCnameResult {
    /// Bucket.
    pub bucket: String,
    /// Account id of its owner.
    pub owner: String,
    /// The domains.
    pub cnames: Vec<Cname>,
}

/// A domain of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cname {
    /// Name.
    pub domain: String,
    /// When it was bound or changed, Unix seconds.
    pub last_modified: i64,
    /// `Enabled` or `Disabled`.
    pub status: Label,
    /// Its certificate, if it has one.
    pub certificate: Option<CnameCertificate>,
}

/// A certificate as ListCname shows it: never the key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CnameCertificate {
    /// `Upload`: it came with PutCname; `CAS`: it was named by its id.
    pub kind: Label,
    /// Id.
    pub cert_id: String,
    /// `Enabled` or `Disabled`.
    pub status: Label,
    /// When it was uploaded, Unix seconds.
    pub creation_date: i64,
    /// SHA-1, upper-case hex pairs with colons.
    pub fingerprint: String,
    /// First second of its validity, Unix seconds.
    pub valid_start_date: i64,
    /// Last second of its validity, Unix seconds.
    pub valid_end_date: i64,
}

impl ListCnameResult {
    /// Writes the document.
    pub fn to_xml(&self) -> String {
        Writer::document("ListCnameResult", |w| {
            w.text("Bucket", &self.bucket);
            w.text("Owner", &self.owner);
            for cname in &self.cnames {
                w.element("Cname", |w| cname.write(w));
            }
        })
    }

    /// Reads the document. Errors: 400 `MalformedXML`.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse(bytes, "ListCnameResult")?;
        Ok(Self {
            bucket: root.text_of("Bucket").to_owned(),
            owner: root.text_of("Owner").to_owned(),
            cnames: root
                .all("Cname")
                .map(Cname::read)
                .collect::<Result<_, _>>()?,
        })
    }
}

impl Cname {
    fn write(&self, w: &mut Writer) {
        w.text("Domain", &self.domain);
        w.time("LastModified", self.last_modified);
        w.text("Status", &self.status);
        let Some(certificate) = &self.certificate else {
            return;
        };
        w.element("Certificate", |w| {
            w.text("Type", &certificate.kind);
            w.text("CertId", &certificate.cert_id);
            w.text("Status", &certificate.status);
            w.text("CreationDate", &format_http(certificate.creation_date));
            w.text("Fingerprint", &certificate.fingerprint);
            w.text("ValidStartDate", &format_http(certificate.valid_start_date));
            w.text("ValidEndDate", &format_http(certificate.valid_end_date));
        });
    }

    fn read(element: &Element) -> Result<Self, OssError> {
        let label = |element: &Element, name: &str| Label::Owned(element.text_of(name).to_owned());
        let certificate = |element: &Element| -> Result<CnameCertificate, OssError> {
            Ok(CnameCertificate {
                kind: label(element, "Type"),
                cert_id: element.text_of("CertId").to_owned(),
                status: label(element, "Status"),
                creation_date: http_time(element, "CreationDate")?,
                fingerprint: element.text_of("Fingerprint").to_owned(),
                valid_start_date: http_time(element, "ValidStartDate")?,
                valid_end_date: http_time(element, "ValidEndDate")?,
            })
        };
        Ok(Self {
            domain: element.text_of("Domain").to_owned(),
            last_modified: element.time_of("LastModified")?,
            status: label(element, "Status"),
            certificate: element.child("Certificate").map(certificate).transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_read_as_documented() {
        let xml = "<BucketCnameConfiguration><Cname><Domain>example.com</Domain><CertificateConfiguration>\
            <CertId>493-cn-hangzhou</CertId><Certificate>-----BEGIN</Certificate><PrivateKey>-----BEGIN K</PrivateKey>\
            <PreviousCertId>492-cn-hangzhou</PreviousCertId><Force>true</Force></CertificateConfiguration></Cname>\
            </BucketCnameConfiguration>";
        let read = BucketCnameConfiguration::from_xml(xml.as_bytes()).unwrap();
        let certificate = read.certificate.clone().unwrap();
        assert_eq!(read.domain, "example.com");
        assert_eq!(certificate.cert_id.as_deref(), Some("493-cn-hangzhou"));
        assert!(certificate.force && !certificate.delete);
        assert!(!format!("{read:?}").contains("BEGIN"));
        let again = BucketCnameConfiguration::from_xml(read.to_xml().as_bytes()).unwrap();
        assert_eq!(again, read);
        for bad in [
            "<BucketCnameConfiguration/>",
            "<BucketCnameConfiguration><Cname/></BucketCnameConfiguration>",
            "<BucketCnameConfiguration><Cname><Domain> </Domain></Cname></BucketCnameConfiguration>",
            "<Cname><Domain>a.b</Domain></Cname>",
            "<BucketCnameConfiguration><Cname><Domain>a.b</Domain><CertificateConfiguration><Force>maybe</Force>\
             </CertificateConfiguration></Cname></BucketCnameConfiguration>",
        ] {
            let error = BucketCnameConfiguration::from_xml(bad.as_bytes()).unwrap_err();
            assert_eq!(error.code(), ErrorCode::MalformedXml, "{bad}");
        }
    }

    #[test]
    fn answers_read_as_documented() {
        let token = CnameToken {
            bucket: "mybucket".into(),
            cname: "example.com".into(),
            token: "be1d49d863dea9ffeff3df7d6455****".into(),
            expire_time: 1_645_650_997,
        };
        let xml = token.to_xml();
        assert!(
            xml.contains("<ExpireTime>Wed, 23 Feb 2022 21:16:37 GMT</ExpireTime>"),
            "{xml}"
        );
        assert_eq!(CnameToken::from_xml(xml.as_bytes()).unwrap(), token);

        let list = ListCnameResult {
            bucket: "targetbucket".into(),
            owner: "testowner".into(),
            cnames: vec![
                Cname {
                    domain: "example.com".into(),
                    last_modified: 1_631_673_307,
                    status: "Enabled".into(),
                    certificate: Some(CnameCertificate {
                        kind: "CAS".into(),
                        cert_id: "493-cn-hangzhou".into(),
                        status: "Enabled".into(),
                        creation_date: 1_631_673_307,
                        fingerprint: "DE:01:CF".into(),
                        valid_start_date: 1_680_000_000,
                        valid_end_date: 1_690_000_000,
                    }),
                },
                Cname {
                    domain: "example.org".into(),
                    last_modified: 1_631_673_308,
                    status: "Enabled".into(),
                    certificate: None,
                },
            ],
        };
        let xml = list.to_xml();
        assert!(
            xml.contains("<LastModified>2021-09-15T02:35:07.000Z</LastModified>"),
            "{xml}"
        );
        assert!(
            xml.contains("<CreationDate>Wed, 15 Sep 2021 02:35:07 GMT</CreationDate>"),
            "{xml}"
        );
        assert_eq!(ListCnameResult::from_xml(xml.as_bytes()).unwrap(), list);
    }
}
