//! Custom domains of a bucket: CreateCnameToken, GetCnameToken, PutCname, ListCname, DeleteCname (delivery.md §4).

use crate::domain::{certificate, dns};
use crate::gate::Authorized;
use crate::handle::fault;
use crate::request::Call;
use crate::respond::{Answer, empty, xml};
use crate::upload::RequestBody;
use fosse_oss::name::DomainName;
use fosse_oss::op::Target;
use fosse_oss::xml::{
    BucketCnameConfiguration, CertificateConfiguration, Cname, CnameCertificate, CnameToken,
    ListCnameResult,
};
use fosse_oss::{ErrorCode, OssError};
use fosse_store::{BindError, Bucket, Certificate, Domain, DomainToken};
use http::StatusCode;
use std::sync::Arc;

/// Most names of one bucket.
const MAX_DOMAINS: usize = 100;
/// Largest body: two texts in PEM form and a little around them.
const MAX_BODY: usize = 256 * 1024;
/// How long a token counts.
const TOKEN_LIFE_MS: i64 = 72 * 3600 * 1000;

/// `POST /?cname&comp=token`.
pub(crate) async fn create_token(
    call: &Call,
    body: &mut RequestBody,
    granted: &Authorized,
) -> Answer {
    let (_, domain) = received(call, body).await?;
    let bucket = granted.bucket()?;
    let fresh = DomainToken {
        token: random_hex()?,
        expires_ms: call.now_ms + TOKEN_LIFE_MS,
    };
    let store = &call.service.store;
    let token = store
        .make_domain_token(bucket, domain.as_str(), call.now_ms, fresh)
        .await
        .map_err(fault::of)?
        .ok_or_else(|| {
            OssError::new(ErrorCode::TooManyCname)
                .with_message("You have attempted to create more cname tokens than allowed.")
        })?;
    Ok(shown_token(bucket, &domain, &token))
}

/// `GET /?comp=token&cname=DOMAIN`.
pub(crate) async fn get_token(call: &Call, granted: &Authorized) -> Answer {
    let domain = DomainName::parse(call.query.get("cname").unwrap_or_default())?;
    let bucket = granted.bucket()?;
    let token = call
        .service
        .store
        .domain_token(bucket, domain.as_str(), call.now_ms)
        .await
        .map_err(fault::of)?
        .ok_or(ErrorCode::CnameTokenNotFound)?;
    Ok(shown_token(bucket, &domain, &token))
}

fn shown_token(
    bucket: &Bucket,
    domain: &DomainName,
    token: &DomainToken,
) -> http::Response<crate::respond::Content> {
    let document = CnameToken {
        bucket: bucket.name.clone(),
        cname: domain.as_str().to_owned(),
        token: token.token.clone(),
        expire_time: token.expires_ms.div_euclid(1000),
    };
    xml(document.to_xml())
}

/// `POST /?cname&comp=add`: binds a name, or changes the certificate of one.
pub(crate) async fn put(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let (document, domain) = received(call, body).await?;
    let bucket = granted.bucket()?;
    refuse_own_name(call, &domain)?;
    let proven = prove(call, bucket, &domain).await?;
    let wish = Wish::read(call, bucket, &domain, document.certificate).await?;
    let owner = bucket.owner.clone();
    let bound = call
        .service
        .store
        .bind_domain(
            &bucket.name,
            domain.as_str(),
            call.now_ms,
            MAX_DOMAINS,
            move |present| {
                if present.is_some_and(|at| at.owner != owner) && !proven {
                    return Err(ErrorCode::CnameDenied.into());
                }
                wish.certificate(present.filter(|at| at.owner == owner))
            },
        )
        .await
        .map_err(fault::of)?;
    match bound {
        Ok(_) => Ok(empty(StatusCode::OK)),
        Err(BindError::TooMany) => Err(ErrorCode::TooManyCname.into()),
        Err(BindError::Refused(error)) => Err(error),
    }
}

/// `GET /?cname`.
pub(crate) async fn list(call: &Call, granted: &Authorized) -> Answer {
    let bucket = granted.bucket()?;
    let domains = call
        .service
        .store
        .bucket_domains(bucket)
        .await
        .map_err(fault::of)?;
    let document = ListCnameResult {
        bucket: bucket.name.clone(),
        owner: bucket.owner.clone(),
        cnames: domains.iter().map(|domain| shown(domain)).collect(),
    };
    Ok(xml(document.to_xml()))
}

fn shown(domain: &Domain) -> Cname {
    let certificate = |it: &Certificate| CnameCertificate {
        kind: if it.uploaded { "Upload" } else { "CAS" }.into(),
        cert_id: it.id.clone(),
        status: "Enabled".into(),
        creation_date: it.created_ms.div_euclid(1000),
        fingerprint: certificate::with_colons(&it.fingerprint),
        valid_start_date: it.valid_from,
        valid_end_date: it.valid_until,
    };
    Cname {
        domain: domain.name.clone(),
        last_modified: domain.bound_ms.div_euclid(1000),
        status: "Enabled".into(),
        certificate: domain.certificate.as_ref().map(certificate),
    }
}

/// `POST /?cname&comp=delete`.
pub(crate) async fn delete(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let (_, domain) = received(call, body).await?;
    call.service
        .store
        .unbind_domain(granted.bucket()?, domain.as_str())
        .await
        .map_err(fault::of)?;
    // Also where it was not bound: the suite of the Go SDK deletes a name that has no more than a token.
    Ok(empty(StatusCode::OK))
}

/// The body of a request about one name.
async fn received(
    call: &Call,
    body: &mut RequestBody,
) -> Result<(BucketCnameConfiguration, DomainName), OssError> {
    let bytes = body.document(&call.headers, MAX_BODY).await?;
    let document = BucketCnameConfiguration::from_xml(&bytes)?;
    let domain = DomainName::parse(&document.domain)?;
    Ok((document, domain))
}

/// The server's own names, and what stands before them, lead to buckets already.
fn refuse_own_name(call: &Call, domain: &DomainName) -> Result<(), OssError> {
    let foreign = std::cell::Cell::new(false);
    let _ = Target::resolve(&call.service.addressing, domain.as_str(), "/", &|_| {
        foreign.set(true);
        None
    });
    if foreign.get() {
        return Ok(());
    }
    Err(OssError::invalid_argument(
        "Domain",
        domain.as_str(),
        "The domain name is one of the server's own.",
    ))
}

/// Whether the caller has shown that the domain is theirs, where that is asked for. A name that the owner of the bucket has bound
/// already, or the domain right above it, needs no second proof.
///
/// Errors: 403 `NeedVerifyDomainOwnership`.
async fn prove(call: &Call, bucket: &Bucket, domain: &DomainName) -> Result<bool, OssError> {
    let Some(server) = call.service.config.domain_check else {
        return Ok(false);
    };
    let store = &call.service.store;
    let above = domain.as_str().split_once('.').map(|(_, above)| above);
    for name in [Some(domain.as_str()), above].into_iter().flatten() {
        let bound: Option<Arc<Domain>> = store.domain(name).await.map_err(fault::of)?;
        if bound.is_some_and(|at| at.owner == bucket.owner) {
            return Ok(true);
        }
    }
    let unproven = || OssError::new(ErrorCode::NeedVerifyDomainOwnership);
    let token = store
        .domain_token(bucket, domain.as_str(), call.now_ms)
        .await
        .map_err(fault::of)?
        .ok_or_else(unproven)?;
    let record = format!("_dnsauth.{}", domain.as_str());
    let texts = dns::look_up(server, &record).await.unwrap_or_else(|error| {
        tracing::warn!(%error, %server, domain = domain.as_str(), "the name server did not answer");
        Vec::new()
    });
    if texts.iter().any(|text| *text == *token.token.as_bytes()) {
        Ok(true)
    } else {
        Err(unproven())
    }
}

/// What a PutCname wants of the certificate.
struct Wish {
    change: Change,
    /// The certificate that must be in force; `None`: any.
    previous: Option<Option<String>>,
}

enum Change {
    Keep,
    Remove,
    Set(Certificate),
}

impl Wish {
    async fn read(
        call: &Call,
        bucket: &Bucket,
        domain: &DomainName,
        configuration: Option<CertificateConfiguration>,
    ) -> Result<Self, OssError> {
        let Some(wish) = configuration else {
            return Ok(Self {
                change: Change::Keep,
                previous: None,
            });
        };
        let refuse = |argument: &str, message: &'static str| {
            Err(OssError::invalid_argument(argument, "", message))
        };
        let change = match (wish.certificate, wish.private_key, wish.cert_id) {
            (None, None, _) if wish.delete => {
                return Ok(Self {
                    change: Change::Remove,
                    previous: None,
                });
            }
            _ if wish.delete => {
                return refuse(
                    "DeleteCertificate",
                    "A certificate is either set or deleted.",
                );
            }
            (Some(chain), Some(key), _) => {
                let id = new_id(&call.service.config.region)?;
                Change::Set(certificate::upload(
                    domain.as_str(),
                    &chain,
                    &key,
                    id,
                    call.now_ms,
                )?)
            }
            (Some(_), None, _) => return refuse("PrivateKey", "The private key is missing."),
            (None, Some(_), _) => return refuse("Certificate", "The certificate is missing."),
            (None, None, Some(id)) => Change::Set(known(call, bucket, domain, &id).await?),
            (None, None, None) => Change::Keep,
        };
        Ok(Self {
            change,
            previous: (!wish.force).then_some(wish.previous_cert_id),
        })
    }

    /// The certificate of the name afterwards. Errors: 409 `CertIdNotMatch`.
    fn certificate(&self, present: Option<&Domain>) -> Result<Option<Certificate>, OssError> {
        let in_force = present.and_then(|domain| domain.certificate.as_ref());
        let certificate = match &self.change {
            Change::Keep => return Ok(in_force.cloned()),
            Change::Remove => return Ok(None),
            Change::Set(certificate) => certificate,
        };
        match &self.previous {
            Some(previous) if *previous != in_force.map(|it| it.id.clone()) => {
                Err(ErrorCode::CertIdNotMatch.into())
            }
            _ => Ok(Some(certificate.clone())),
        }
    }
}

/// A certificate of the same owner that another of their names has.
async fn known(
    call: &Call,
    bucket: &Bucket,
    domain: &DomainName,
    id: &str,
) -> Result<Certificate, OssError> {
    let found = call
        .service
        .store
        .certificate(id)
        .await
        .map_err(fault::of)?;
    let certificate = found
        .as_ref()
        .filter(|at| at.owner == bucket.owner)
        .and_then(|at| at.certificate.as_ref())
        .ok_or_else(|| {
            OssError::invalid_argument("CertId", id, "The certificate does not exist.")
        })?;
    // It must be good for this name as well.
    let checked = certificate::upload(
        domain.as_str(),
        &certificate.chain,
        &certificate.private_key,
        certificate.id.clone(),
        call.now_ms,
    )?;
    Ok(Certificate {
        uploaded: false,
        created_ms: certificate.created_ms,
        ..checked
    })
}

/// `NNNNNNNN-REGION`.
fn new_id(region: &str) -> Result<String, OssError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(Call::internal)?;
    let number = 10_000_000_000 + u64::from_be_bytes(bytes) % 90_000_000_000;
    Ok(format!("{number}-{region}"))
}

/// 32 lower-case hex digits that nobody can guess.
fn random_hex() -> Result<String, OssError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(Call::internal)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
