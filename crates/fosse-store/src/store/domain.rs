//! Domain names bound to buckets. A name leads to one bucket; the index from names to buckets, the list of a bucket's names
//! and the place of each certificate change in one batch, together with the bucket's record, so that a bucket that is
//! being deleted gets no new name and leaves none behind.

use crate::error::{Result, StoreError};
use crate::key;
use crate::meta::{Expect, Outcome, Scan, Space};
use crate::record::{Bucket, Certificate, Domain, DomainToken, StoredDomain, decode, encode};
use crate::store::bucket::ATTEMPTS;
use crate::store::transaction::{After, Transaction};
use crate::store::{Inner, Store};
use bytes::Bytes;
use std::sync::Arc;

/// Tokens that wait for their proof, most for one bucket.
const MAX_TOKENS: usize = 200;
/// Most names that a listing of all names returns.
const MAX_LISTED: usize = 100_000;

/// Why a name was not bound.
#[derive(Debug)]
pub enum BindError<E> {
    /// The decision of the caller.
    Refused(E),
    /// The bucket has as many names as the caller's limit allows.
    TooMany,
}

impl Inner {
    async fn stored_domain(&self, name: &str) -> Result<(Option<Bytes>, Option<Domain>)> {
        let stored = self.meta.get(Space::Domains, &key::domain(name)).await?;
        let domain = match &stored {
            Some(stored) => {
                let sealed: StoredDomain = decode("domain", stored)?;
                Some(sealed.open(&self.state.master_keys)?)
            }
            None => None,
        };
        Ok((stored, domain))
    }

    pub(crate) async fn domain(&self, name: &str) -> Result<Option<Arc<Domain>>> {
        if let Some(known) = self.state.domains.get(name) {
            return Ok(known);
        }
        let stamp = self.state.domains.stamp(name);
        let (_, found) = self.stored_domain(name).await?;
        let found = found.map(Arc::new);
        self.state
            .domains
            .fill(stamp, name.to_owned(), found.clone());
        Ok(found)
    }

    /// Names of a bucket, in order; at most `limit`.
    async fn domain_names(&self, bucket: u64, limit: usize) -> Result<Vec<String>> {
        let prefix = key::bucket_domains(bucket);
        let entries = self
            .meta
            .scan(Space::Domains, Scan::prefix(&prefix, limit))
            .await?;
        entries
            .iter()
            .map(|(entry, _)| text_after(entry, prefix.len()))
            .collect()
    }

    /// Removes a name in a transaction that expects it as it is stored.
    fn stage_unbind(&self, transaction: &mut Transaction, stored: Bytes, domain: &Domain) {
        let name = &domain.name;
        transaction.remove(Space::Domains, key::domain(name), Expect::Value(stored));
        let index = key::bucket_domain(domain.bucket_id, name);
        transaction.remove(Space::Domains, index, Expect::Any);
        transaction.after(After::Domain(name.clone(), None));
    }

    /// Forgets where a certificate is, if it is there.
    async fn stage_forget(
        &self,
        transaction: &mut Transaction,
        certificate: &str,
        name: &str,
    ) -> Result<()> {
        let place = key::certificate(certificate);
        if let Some(at) = self.meta.get(Space::Domains, &place).await?
            && at == name.as_bytes()
        {
            transaction.remove(Space::Domains, place, Expect::Value(at));
        }
        Ok(())
    }

    /// Removes every name and every token of a bucket that goes away.
    pub(crate) async fn stage_unbind_all(
        &self,
        transaction: &mut Transaction,
        bucket: u64,
    ) -> Result<()> {
        for name in self.domain_names(bucket, MAX_LISTED).await? {
            if let (Some(stored), Some(domain)) = self.stored_domain(&name).await?
                && domain.bucket_id == bucket
            {
                if let Some(certificate) = &domain.certificate {
                    self.stage_forget(transaction, &certificate.id, &name)
                        .await?;
                }
                self.stage_unbind(transaction, stored, &domain);
            }
        }
        let tokens = Scan::prefix(&key::domain_tokens(bucket), 2 * MAX_TOKENS);
        for (entry, _) in self.meta.scan(Space::Domains, tokens).await? {
            transaction.remove(Space::Domains, entry, Expect::Any);
        }
        Ok(())
    }
}

fn text_after(entry: &[u8], start: usize) -> Result<String> {
    entry
        .get(start..)
        .and_then(|text| std::str::from_utf8(text).ok())
        .map(str::to_owned)
        .ok_or_else(|| StoreError::Corrupt("index of domains".into()))
}

impl Store {
    /// The bucket that a name leads to. `name` in lower case without final dot. Kept in memory, that there is none as
    /// well, so that it can be asked for every request.
    pub async fn domain(&self, name: &str) -> Result<Option<Arc<Domain>>> {
        self.0.domain(name).await
    }

    /// Binds `name` to a bucket, or changes the certificate of a name that is bound. `decide` sees the present binding, to
    /// whatever bucket, and says which certificate the name has afterwards, or refuses; it may be called more than once.
    /// A name that was bound to another bucket leaves that one. `limit`: most names of a bucket.
    ///
    /// Errors: [`StoreError::NoSuchBucket`].
    pub async fn bind_domain<E>(
        &self,
        bucket: &str,
        name: &str,
        now_ms: i64,
        limit: usize,
        decide: impl Fn(Option<&Domain>) -> std::result::Result<Option<Certificate>, E>,
    ) -> Result<std::result::Result<Arc<Domain>, BindError<E>>> {
        let inner = &self.0;
        let _turn = inner.state.queue(bucket).await;
        for _ in 0..ATTEMPTS {
            let bucket_key = Bytes::copy_from_slice(bucket.as_bytes());
            let Some(stored_bucket) = inner.meta.get(Space::Buckets, &bucket_key).await? else {
                return Err(StoreError::NoSuchBucket);
            };
            let mut record: Bucket = decode("bucket", &stored_bucket)?;
            let (stored, present) = inner.stored_domain(name).await?;
            let certificate = match decide(present.as_ref()) {
                Ok(certificate) => certificate,
                Err(refusal) => return Ok(Err(BindError::Refused(refusal))),
            };
            let moved = present.as_ref().filter(|at| at.bucket_id != record.id);
            let is_new = present.is_none() || moved.is_some();
            if is_new && inner.domain_names(record.id, limit).await?.len() >= limit {
                return Ok(Err(BindError::TooMany));
            }
            let domain = Arc::new(Domain {
                name: name.to_owned(),
                bucket_id: record.id,
                bucket: record.name.clone(),
                owner: record.owner.clone(),
                bound_ms: now_ms,
                certificate,
            });
            let mut transaction = Transaction::default();
            let sealed = StoredDomain::seal(&domain, &inner.state.master_keys)?;
            transaction.put(
                Space::Domains,
                key::domain(name),
                Expect::same(&stored),
                encode(&sealed)?,
            );
            if let Some(other) = moved {
                let index = key::bucket_domain(other.bucket_id, name);
                transaction.remove(Space::Domains, index, Expect::Any);
            }
            let index = key::bucket_domain(record.id, name);
            transaction.put(Space::Domains, index, Expect::Any, Bytes::new());
            let id_of = |at: &Domain| at.certificate.as_ref().map(|it| it.id.clone());
            let (before, now) = (present.as_ref().and_then(id_of), id_of(&domain));
            if let Some(gone) = before.filter(|id| now.as_ref() != Some(id)) {
                inner.stage_forget(&mut transaction, &gone, name).await?;
            }
            if let Some(id) = now {
                let place = Bytes::copy_from_slice(name.as_bytes());
                transaction.put(Space::Domains, key::certificate(&id), Expect::Any, place);
            }
            let token = key::domain_token(record.id, name);
            transaction.remove(Space::Domains, token, Expect::Any);
            // A bucket that is being deleted expects its record as it read it.
            record.revision += 1;
            transaction.put(
                Space::Buckets,
                bucket_key,
                Expect::Value(stored_bucket),
                encode(&record)?,
            );
            transaction.after(After::Bucket(bucket.to_owned(), Some(Arc::new(record))));
            transaction.after(After::Domain(name.to_owned(), Some(domain.clone())));
            if inner.commit(transaction).await? == Outcome::Applied {
                return Ok(Ok(domain));
            }
        }
        Err(StoreError::Conflict)
    }

    /// Takes a name away from a bucket; `false` when it was not bound to it.
    pub async fn unbind_domain(&self, bucket: &Bucket, name: &str) -> Result<bool> {
        let inner = &self.0;
        for _ in 0..ATTEMPTS {
            let (Some(stored), Some(domain)) = inner.stored_domain(name).await? else {
                return Ok(false);
            };
            if domain.bucket_id != bucket.id {
                return Ok(false);
            }
            let mut transaction = Transaction::default();
            if let Some(certificate) = &domain.certificate {
                inner
                    .stage_forget(&mut transaction, &certificate.id, name)
                    .await?;
            }
            inner.stage_unbind(&mut transaction, stored, &domain);
            if inner.commit(transaction).await? == Outcome::Applied {
                return Ok(true);
            }
        }
        Err(StoreError::Conflict)
    }

    /// The names of a bucket, in order.
    pub async fn bucket_domains(&self, bucket: &Bucket) -> Result<Vec<Arc<Domain>>> {
        let mut domains = Vec::new();
        for name in self.0.domain_names(bucket.id, MAX_LISTED).await? {
            // It may have gone or moved since the scan.
            if let Some(domain) = self.0.domain(&name).await?
                && domain.bucket_id == bucket.id
            {
                domains.push(domain);
            }
        }
        Ok(domains)
    }

    /// All names of all buckets, in order: for operators, not for requests.
    pub async fn domains(&self) -> Result<Vec<Arc<Domain>>> {
        let prefix = key::domain("");
        let scan = Scan::prefix(&prefix, MAX_LISTED);
        let mut domains = Vec::new();
        for (entry, _) in self.0.meta.scan(Space::Domains, scan).await? {
            let name = text_after(&entry, prefix.len())?;
            domains.extend(self.0.domain(&name).await?);
        }
        Ok(domains)
    }

    /// The name that has the certificate of this id, with the certificate.
    pub async fn certificate(&self, id: &str) -> Result<Option<Arc<Domain>>> {
        let Some(name) = self
            .0
            .meta
            .get(Space::Domains, &key::certificate(id))
            .await?
        else {
            return Ok(None);
        };
        let domain = self.0.domain(&text_after(&name, 0)?).await?;
        Ok(domain.filter(|domain| domain.certificate.as_ref().is_some_and(|it| it.id == id)))
    }

    /// The token that a bucket was given for a name, unless it has ended.
    pub async fn domain_token(
        &self,
        bucket: &Bucket,
        name: &str,
        now_ms: i64,
    ) -> Result<Option<DomainToken>> {
        let token: Option<DomainToken> = self
            .0
            .get(
                "domain token",
                Space::Domains,
                &key::domain_token(bucket.id, name),
            )
            .await?;
        Ok(token.filter(|token| now_ms < token.expires_ms))
    }

    /// Gives a bucket a token for a name: the one it has, or `fresh`. Tokens that have ended make room; `None` when a bucket
    /// has too many that have not.
    pub async fn make_domain_token(
        &self,
        bucket: &Bucket,
        name: &str,
        now_ms: i64,
        fresh: DomainToken,
    ) -> Result<Option<DomainToken>> {
        let inner = &self.0;
        let _turn = inner.state.queue((bucket.id, "domain token")).await;
        for _ in 0..ATTEMPTS {
            let place = key::domain_token(bucket.id, name);
            let stored = inner.meta.get(Space::Domains, &place).await?;
            if let Some(stored) = &stored {
                let token: DomainToken = decode("domain token", stored)?;
                if now_ms < token.expires_ms {
                    return Ok(Some(token));
                }
            }
            let mut transaction = Transaction::default();
            let all = Scan::prefix(&key::domain_tokens(bucket.id), 2 * MAX_TOKENS);
            let mut waiting = 0;
            for (entry, value) in inner.meta.scan(Space::Domains, all).await? {
                let token: DomainToken = decode("domain token", &value)?;
                if now_ms < token.expires_ms {
                    waiting += 1;
                } else if entry != place {
                    transaction.remove(Space::Domains, entry, Expect::Value(value));
                }
            }
            if waiting >= MAX_TOKENS {
                return Ok(None);
            }
            transaction.put(
                Space::Domains,
                place,
                Expect::same(&stored),
                encode(&fresh)?,
            );
            inner.expect_bucket(&mut transaction, bucket)?;
            if inner.commit(transaction).await? == Outcome::Applied {
                return Ok(Some(fresh));
            }
            // Its versioning state may have changed meanwhile; one that is gone ends this.
            inner.again(bucket).await?;
        }
        Err(StoreError::Conflict)
    }
}
