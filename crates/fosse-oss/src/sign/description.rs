//! What can be known of a signed request without the secret: who signed what, when, and until when.

use super::auth_params::AuthParams;
use super::authorization::Authorization;
use super::canon_v4::AdditionalHeaders;
use super::message_headers;
use super::{
    Carrier, Param, Params, RequestParts, Scheme, Scope, V4_ALGORITHM, is_signed_subresource,
};
use crate::time::{parse_compact, parse_http};

/// A signature as it describes itself. Nothing in it is proven.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Description {
    /// The scheme; `None`: no signature, or none that is understood.
    pub scheme: Option<Scheme>,
    /// Where the signature is.
    pub carrier: Option<Carrier>,
    /// Who signed.
    pub access_key_id: Option<String>,
    /// A security token is there: the credentials are temporary.
    pub temporary: bool,
    /// When it was signed, Unix seconds. A V1 URL does not tell.
    pub signed_at: Option<i64>,
    /// Last second of a URL, Unix seconds; the token may end before.
    pub ends: Option<i64>,
    /// Region of a V4 scope.
    pub region: Option<String>,
    /// Product of a V4 scope.
    pub product: Option<String>,
    /// Query parameters that the signature covers, beside its own.
    pub signed_parameters: Vec<(String, String)>,
    /// Query parameters that anybody can change.
    pub free_parameters: Vec<String>,
    /// Headers that the signature covers: they must be sent exactly so, and nothing more of their kind.
    pub signed_headers: Vec<String>,
    /// Headers that the signature announces and the request does not have.
    pub missing_headers: Vec<String>,
}

impl Description {
    /// Reads a request.
    pub fn of(parts: &RequestParts<'_>) -> Self {
        let Ok(params) = Params::parse(parts.query) else {
            return Self::default();
        };
        let sent = AuthParams::collect(&params);
        let mut told = Self {
            temporary: sent.v1_token.is_some()
                || sent.v4_token.is_some()
                || message_headers::value(parts.headers, "x-oss-security-token").is_some(),
            ..Self::default()
        };
        let mut additional = String::new();
        match message_headers::value(parts.headers, "authorization") {
            Some(value) => {
                let text = String::from_utf8_lossy(&value);
                match Authorization::parse(&text) {
                    Ok(Authorization::V1 { access_key_id, .. }) => {
                        told.scheme = Some(Scheme::V1);
                        told.access_key_id = Some(access_key_id.to_owned());
                    }
                    Ok(Authorization::V4 {
                        scope,
                        additional: names,
                        ..
                    }) => {
                        told.scheme = Some(Scheme::V4);
                        told.scope(&scope);
                        additional = names.to_line();
                    }
                    Err(_) => {}
                }
                told.carrier = Some(Carrier::Header);
                told.signed_at = ["x-oss-date", "date"]
                    .into_iter()
                    .find_map(|name| message_headers::value(parts.headers, name))
                    .and_then(|date| {
                        let date = String::from_utf8_lossy(&date);
                        parse_compact(&date).or_else(|| parse_http(&date))
                    });
            }
            None if sent.version.is_some() || sent.credential.is_some() => {
                let version = text(sent.version);
                if version.is_none() || version.as_deref() == Some(V4_ALGORITHM) {
                    told.scheme = Some(Scheme::V4);
                }
                told.carrier = Some(Carrier::Url);
                if let Some(credential) = text(sent.credential)
                    && let Ok(scope) = Scope::parse(&credential)
                {
                    told.scope(&scope);
                }
                told.signed_at = text(sent.date).and_then(|date| parse_compact(&date));
                let life = text(sent.v4_expires).and_then(|life| life.parse::<i64>().ok());
                told.ends = told
                    .signed_at
                    .zip(life)
                    .and_then(|(at, life)| at.checked_add(life));
                additional = text(sent.additional).unwrap_or_default();
            }
            None if sent.any_v1() => {
                told.scheme = Some(Scheme::V1);
                told.carrier = Some(Carrier::Url);
                told.access_key_id = text(sent.key_id);
                told.ends = text(sent.v1_expires).and_then(|end| end.parse().ok());
            }
            None => {}
        }
        told.covered(parts, &params, &additional);
        told
    }

    fn scope(&mut self, scope: &Scope<'_>) {
        self.access_key_id = Some(scope.access_key_id.to_owned());
        self.region = Some(scope.region.to_owned());
        self.product = Some(scope.product.to_owned());
    }

    fn covered(&mut self, parts: &RequestParts<'_>, params: &Params<'_>, additional: &str) {
        for param in params.iter() {
            let name = String::from_utf8_lossy(param.name()).into_owned();
            let own = super::SIGNATURE_PARAMETERS.contains(&name.as_str())
                || name == "security-token"
                || name == "x-oss-security-token";
            if own {
                continue;
            }
            let signed = match self.scheme {
                Some(Scheme::V4) => true,
                Some(Scheme::V1) => is_signed_subresource(param.name()),
                None => false,
            };
            if signed {
                let value = String::from_utf8_lossy(&param.value()).into_owned();
                self.signed_parameters.push((name, value));
            } else {
                self.free_parameters.push(name);
            }
        }
        if self.scheme.is_none() {
            return;
        }
        for (name, _) in parts.headers {
            let name = name.to_ascii_lowercase();
            if is_signed_header(&name) && !self.signed_headers.contains(&name) {
                self.signed_headers.push(name);
            }
        }
        if let Ok(names) = AdditionalHeaders::parse(additional) {
            for name in names.iter() {
                let there = message_headers::value(parts.headers, name).is_some();
                let list = if there {
                    &mut self.signed_headers
                } else {
                    &mut self.missing_headers
                };
                list.push(name.to_owned());
            }
        }
        self.signed_headers.sort();
        self.signed_headers.dedup();
    }
}

/// Headers that both schemes cover without being told.
pub(super) fn is_signed_header(name: &str) -> bool {
    name == "content-type"
        || name == "content-md5"
        || (name.starts_with("x-oss-") && name != "x-oss-security-token")
}

fn text(param: Option<&Param<'_>>) -> Option<String> {
    param.and_then(Param::text).map(|text| text.into_owned())
}
