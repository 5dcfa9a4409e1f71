//! What a TLS connection may speak, as HttpsConfig limits it (delivery.md §4): a set of cipher suites, of which each belongs to one
//! version of TLS.

use fosse_oss::xml::HttpsConfiguration;
use rustls::CipherSuite as Suite;
use rustls::crypto::CryptoProvider;
use rustls::{ProtocolVersion, SupportedProtocolVersion};
use std::sync::Arc;

/// The suites that there are, under the names that OpenSSL and HttpsConfig have for them.
const KNOWN: [(&str, Suite, ProtocolVersion); 9] = {
    use ProtocolVersion::{TLSv1_2, TLSv1_3};
    [
        (
            "TLS_AES_256_GCM_SHA384",
            Suite::TLS13_AES_256_GCM_SHA384,
            TLSv1_3,
        ),
        (
            "TLS_AES_128_GCM_SHA256",
            Suite::TLS13_AES_128_GCM_SHA256,
            TLSv1_3,
        ),
        (
            "TLS_CHACHA20_POLY1305_SHA256",
            Suite::TLS13_CHACHA20_POLY1305_SHA256,
            TLSv1_3,
        ),
        (
            "ECDHE-ECDSA-AES256-GCM-SHA384",
            Suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            TLSv1_2,
        ),
        (
            "ECDHE-ECDSA-AES128-GCM-SHA256",
            Suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            TLSv1_2,
        ),
        (
            "ECDHE-ECDSA-CHACHA20-POLY1305",
            Suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
            TLSv1_2,
        ),
        (
            "ECDHE-RSA-AES256-GCM-SHA384",
            Suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            TLSv1_2,
        ),
        (
            "ECDHE-RSA-AES128-GCM-SHA256",
            Suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            TLSv1_2,
        ),
        (
            "ECDHE-RSA-CHACHA20-POLY1305",
            Suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
            TLSv1_2,
        ),
    ]
};

/// A set of suites: a bit for each of [`KNOWN`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Offer(u16);

impl Offer {
    /// Everything that Fosse speaks.
    pub(crate) const ALL: Self = Self((1 << KNOWN.len()) - 1);

    /// What a configuration leaves. A list of versions that names none that Fosse speaks restricts nothing; a list of suites is what
    /// may be negotiated of its version, and nothing else. An empty one restricts nothing. All suites are strong ones.
    pub(crate) fn of(config: &HttpsConfiguration) -> Self {
        let mut offer = Self::ALL;
        if config.tls_enabled {
            let named = |name| config.tls_versions.iter().any(|version| version == name);
            let (tls12, tls13) = (named("TLSv1.2"), named("TLSv1.3"));
            if tls12 || tls13 {
                offer.keep(|_, version| match version {
                    ProtocolVersion::TLSv1_3 => tls13,
                    _ => tls12,
                });
            }
        }
        if let Some(suites) = &config.cipher_suite
            && suites.enabled
            && !suites.strong
        {
            for (of, names) in [
                (ProtocolVersion::TLSv1_2, &suites.custom),
                (ProtocolVersion::TLSv1_3, &suites.custom_tls13),
            ] {
                offer.keep(|name, version| {
                    version != of || names.is_empty() || names.iter().any(|named| named == name)
                });
            }
        }
        offer
    }

    fn keep(&mut self, keep: impl Fn(&str, ProtocolVersion) -> bool) {
        for (bit, (name, _, version)) in KNOWN.iter().enumerate() {
            if !keep(name, *version) {
                self.0 &= !(1 << bit);
            }
        }
    }

    /// Whether no connection can come about.
    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn kept(self) -> impl Iterator<Item = (Suite, ProtocolVersion)> {
        let kept = move |(bit, known): (usize, &(&str, Suite, ProtocolVersion))| {
            (self.0 & (1 << bit) != 0).then_some((known.1, known.2))
        };
        KNOWN.iter().enumerate().filter_map(kept)
    }

    /// The versions that have a suite left: a server that spoke another one would choose it and then find no suite.
    pub(crate) fn versions(self) -> Vec<&'static SupportedProtocolVersion> {
        let all = [&rustls::version::TLS13, &rustls::version::TLS12];
        let has = |wanted| self.kept().any(|(_, version)| version == wanted);
        all.into_iter()
            .filter(|version| has(version.version))
            .collect()
    }

    /// The library's cryptography, with these suites only.
    pub(crate) fn provider(self) -> Arc<CryptoProvider> {
        let mut provider = rustls::crypto::ring::default_provider();
        if self != Self::ALL {
            let kept = |suite| self.kept().any(|(kept, _)| kept == suite);
            provider
                .cipher_suites
                .retain(|supported| kept(supported.suite()));
        }
        Arc::new(provider)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fosse_oss::xml::CipherSuite;

    fn named(offer: Offer) -> Vec<&'static str> {
        let of = |suite| KNOWN.iter().find(|known| known.1 == suite).unwrap().0;
        offer.kept().map(|(suite, _)| of(suite)).collect()
    }

    fn config(versions: &[&str], suites: Option<(&[&str], &[&str])>) -> HttpsConfiguration {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        HttpsConfiguration {
            tls_enabled: !versions.is_empty(),
            tls_versions: owned(versions),
            cipher_suite: suites.map(|(custom, custom_tls13)| CipherSuite {
                enabled: true,
                strong: false,
                custom: owned(custom),
                custom_tls13: owned(custom_tls13),
            }),
        }
    }

    /// The names of all suites that the library has, so that a new one is not left out unseen.
    #[test]
    fn every_suite_of_the_library_has_a_name() {
        let provider = rustls::crypto::ring::default_provider();
        let supported = provider.cipher_suites.iter().map(|suite| {
            let known = KNOWN.iter().find(|known| known.1 == suite.suite());
            assert_eq!(known.unwrap().2, suite.version().version);
            suite.suite()
        });
        assert_eq!(supported.count(), KNOWN.len());
        let all = Offer::ALL.provider();
        assert_eq!(all.cipher_suites.len(), KNOWN.len());
    }

    #[test]
    fn versions_limit_suites() {
        let spoken = |versions: &[&str]| {
            let offer = Offer::of(&config(versions, None));
            let versions = offer.versions();
            (
                versions.contains(&&rustls::version::TLS12),
                versions.contains(&&rustls::version::TLS13),
            )
        };
        assert_eq!(spoken(&["TLSv1.2", "TLSv1.3"]), (true, true));
        assert_eq!(spoken(&["TLSv1.3"]), (false, true));
        assert_eq!(spoken(&["TLSv1.0", "TLSv1.2"]), (true, false));
        assert_eq!(spoken(&["TLSv1.0", "TLSv1.1"]), (true, true));
        assert_eq!(spoken(&[]), (true, true));
    }

    #[test]
    fn a_list_of_suites_is_what_its_version_may_negotiate() {
        const AES128: &str = "ECDHE-RSA-AES128-GCM-SHA256";
        const TLS13: &str = "TLS_AES_128_GCM_SHA256";
        let of = |versions: &[&str], custom: &[&str], tls13: &[&str]| {
            Offer::of(&config(versions, Some((custom, tls13))))
        };
        assert_eq!(of(&[], &[], &[]), Offer::ALL);
        assert_eq!(named(of(&[], &[AES128], &[TLS13])), [TLS13, AES128]);
        // An empty list restricts nothing of its version.
        assert_eq!(named(of(&["TLSv1.2"], &[AES128], &[])), [AES128]);
        assert_eq!(named(of(&[], &[AES128], &[])).len(), 4);
        assert_eq!(named(of(&[], &[], &[TLS13])).len(), 7);
        // As the suite of the Go SDK has it.
        let go = [
            "ECDHE-ECDSA-AES128-SHA256",
            AES128,
            "ECDHE-ECDSA-AES256-CCM8",
        ];
        assert_eq!(named(of(&["TLSv1.2"], &go, &[TLS13])), [AES128]);
        // Suites that the library does not have are none, and a name counts in the list of its version only.
        let old = of(&[], &["AES128-SHA"], &[TLS13]);
        assert_eq!(named(old), [TLS13]);
        assert_eq!(old.versions(), [&rustls::version::TLS13]);
        for nothing in [
            of(&["TLSv1.2"], &["AES128-SHA"], &[TLS13]),
            of(&["TLSv1.3"], &[AES128], &["ECDHE-ECDSA-AES256-CCM8"]),
            of(&[], &[TLS13], &[AES128]),
            of(&[], &["ecdhe-rsa-aes128-gcm-sha256"], &["x"]),
        ] {
            assert!(nothing.is_empty());
            assert!(nothing.versions().is_empty());
        }
    }

    #[test]
    fn other_modes_leave_every_suite() {
        let mut all = config(&[], Some((&["AES128-SHA"], &["x"])));
        all.cipher_suite.as_mut().unwrap().strong = true;
        assert_eq!(Offer::of(&all), Offer::ALL);
        let mut off = config(&[], Some((&["AES128-SHA"], &["x"])));
        off.cipher_suite.as_mut().unwrap().enabled = false;
        assert_eq!(Offer::of(&off), Offer::ALL);
    }
}
