//! Routing rules of a website as a decision: which rule applies to a request, and where its redirect leads (delivery.md §6).
//! Pure.

use fosse_oss::encode::{encode_component, encode_path};
use fosse_oss::xml::{
    RedirectKind, RoutingCondition, RoutingRedirect, RoutingRule, WebsiteConfiguration,
    WebsiteIndexKind,
};
use std::borrow::Cow;

/// What rules look at.
pub(super) struct Asked<'a> {
    /// Key as the client asked for it.
    pub(super) key: &'a str,
    /// A request header by its name, in any case.
    pub(super) header: &'a dyn Fn(&str) -> Option<Cow<'a, str>>,
}

/// Where a request came from, for redirects that name no host.
pub(super) struct Here<'a> {
    /// `http` or `https`.
    pub(super) scheme: &'a str,
    /// Host and port as the client sent them.
    pub(super) host: &'a str,
    /// In front of the key in the path: empty, or `BUCKET/` for path-style.
    pub(super) base: &'a str,
    /// Raw query.
    pub(super) query: &'a str,
}

/// The first rule that applies, by number. `status`: what would be answered otherwise, `None` before that is known. A
/// rule that waits for a status is passed over until then, and one that waits for none has had its turn.
pub(super) fn matching<'r>(
    rules: &'r [RoutingRule],
    asked: &Asked<'_>,
    status: Option<u16>,
) -> Option<&'r RoutingRule> {
    rules.iter().find(|rule| {
        rule.redirect.kind != RedirectKind::Mirror
            && rule.script.is_none()
            && rule.condition.http_error_code == status
            && applies(&rule.condition, asked)
    })
}

fn applies(condition: &RoutingCondition, asked: &Asked<'_>) -> bool {
    let begins = condition.key_prefix.as_deref().unwrap_or_default();
    let ends = condition.key_suffix.as_deref().unwrap_or_default();
    asked.key.starts_with(begins)
        && asked.key.ends_with(ends)
        && condition
            .headers
            .iter()
            .all(|(name, value)| (asked.header)(name).is_some_and(|sent| sent == value.as_str()))
}

/// The key that a redirect makes of the one that was asked for.
pub(super) fn replaced(rule: &RoutingRule, key: &str) -> String {
    let RoutingRedirect {
        replace_key_with,
        replace_key_prefix_with,
        enable_replace_prefix,
        ..
    } = &rule.redirect;
    if let Some(pattern) = replace_key_with {
        return pattern.replace("${key}", key);
    }
    let prefix = rule.condition.key_prefix.as_deref().unwrap_or_default();
    let rest = key.strip_prefix(prefix).unwrap_or(key);
    match (replace_key_prefix_with, enable_replace_prefix) {
        (Some(new), None | Some(true)) => format!("{new}{rest}"),
        // Without a replacement the prefix is cut off.
        (None, Some(true)) => rest.to_owned(),
        _ => key.to_owned(),
    }
}

/// Status and `Location` of a redirect that the client follows.
pub(super) fn location(rule: &RoutingRule, key: &str, here: &Here<'_>) -> (u16, String) {
    let redirect = &rule.redirect;
    let (host, base) = match redirect.host_name.as_deref() {
        // On another host the key begins right after the slash.
        Some(host) => (host, ""),
        None => (here.host, here.base),
    };
    let scheme = redirect.protocol.as_deref().unwrap_or(here.scheme);
    let mut location = format!("{scheme}://{host}/{base}");
    encode_path(replaced(rule, key).as_bytes(), &mut location);
    if redirect.pass_query_string == Some(true) && !here.query.is_empty() {
        location.push('?');
        location.push_str(here.query);
    }
    (redirect.http_redirect_code.unwrap_or(301), location)
}

/// `Location` of the way from `abc` to `abc/`.
pub(super) fn directory(key: &str, here: &Here<'_>) -> String {
    let mut location = format!("/{}", here.base);
    for (n, segment) in key.split('/').enumerate() {
        if n > 0 {
            location.push('/');
        }
        encode_component(segment.as_bytes(), &mut location);
    }
    location.push('/');
    location
}

/// The key that is served for `key`: the index page of the root or of a directory, else itself.
pub(super) fn indexed<'k>(site: &WebsiteConfiguration, key: &'k str) -> Cow<'k, str> {
    match &site.index {
        Some(index) if key.is_empty() || key.ends_with('/') => {
            if index.support_sub_dir {
                Cow::Owned(format!("{key}{}", index.suffix))
            } else {
                Cow::Owned(index.suffix.clone())
            }
        }
        _ => Cow::Borrowed(key),
    }
}

/// The index page of `key` as a directory, where a missing `key` means that, and what to do about it.
pub(super) fn sub_directory(
    site: &WebsiteConfiguration,
    key: &str,
) -> Option<(String, WebsiteIndexKind)> {
    let index = site.index.as_ref().filter(|index| index.support_sub_dir)?;
    (!key.is_empty() && !key.ends_with('/'))
        .then(|| (format!("{key}/{}", index.suffix), index.kind))
}

#[cfg(test)]
#[path = "routing/tests.rs"]
mod tests;
