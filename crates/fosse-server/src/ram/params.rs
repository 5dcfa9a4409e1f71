//! Parameters of RAM actions: their rules, and the documented errors for breaking them.

use crate::rpc::RpcError;

/// Most items of one page.
const MAX_ITEMS: usize = 1000;
/// Items of a page when the request does not say.
const DEFAULT_ITEMS: usize = 100;

/// The parameters of one request.
#[derive(Clone, Copy)]
pub(crate) struct Params<'a>(pub(crate) &'a [(String, String)]);

/// Which characters a name may have, and how many.
pub(crate) struct NameRule {
    parameter: &'static str,
    longest: usize,
    punctuation: &'static [u8],
}

pub(crate) const USER_NAME: NameRule = rule("UserName", 64, b".@-_");
pub(crate) const GROUP_NAME: NameRule = rule("GroupName", 64, b".-_");
pub(crate) const ROLE_NAME: NameRule = rule("RoleName", 64, b".-_");
pub(crate) const POLICY_NAME: NameRule = rule("PolicyName", 128, b"-_");
pub(crate) const ALIAS: NameRule = rule("AccountAlias", 50, b"-");

const fn rule(parameter: &'static str, longest: usize, punctuation: &'static [u8]) -> NameRule {
    NameRule {
        parameter,
        longest,
        punctuation,
    }
}

/// 400 for a parameter that breaks a rule.
pub(crate) fn invalid(parameter: &str, what: &str, message: String) -> RpcError {
    RpcError::new(400, format!("InvalidParameter.{parameter}{what}"), message)
}

impl<'a> Params<'a> {
    /// A parameter; an empty one counts as absent.
    pub(crate) fn get(self, name: &str) -> Option<&'a str> {
        self.sent(name).filter(|value| !value.is_empty())
    }

    /// A parameter, also an empty one.
    pub(crate) fn sent(self, name: &str) -> Option<&'a str> {
        self.0
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    /// A parameter that must be there.
    pub(crate) fn required(self, name: &'static str) -> Result<&'a str, RpcError> {
        self.get(name).ok_or_else(|| {
            RpcError::new(
                400,
                format!("Missing{name}"),
                format!("{name} is mandatory for this action."),
            )
        })
    }

    /// A name that must be there, under the rule's own parameter.
    pub(crate) fn name(self, rule: &NameRule) -> Result<&'a str, RpcError> {
        let name = self.required(rule.parameter)?;
        rule.check(rule.parameter, name)?;
        Ok(name)
    }

    /// A name under another parameter, such as `NewUserName`.
    pub(crate) fn name_in(
        self,
        parameter: &'static str,
        rule: &NameRule,
    ) -> Result<Option<&'a str>, RpcError> {
        let name = self.get(parameter);
        if let Some(name) = name {
            rule.check(parameter, name)?;
        }
        Ok(name)
    }

    /// Free text of at most `longest` characters; `None` when it was not sent.
    pub(crate) fn text(
        self,
        parameter: &'static str,
        longest: usize,
    ) -> Result<Option<&'a str>, RpcError> {
        let text = self.sent(parameter);
        match text {
            Some(text) if text.chars().count() > longest => Err(invalid(
                parameter,
                ".Length",
                format!("The parameter {parameter} beyond the length limit of {longest}."),
            )),
            text => Ok(text),
        }
    }

    /// `true` or `false`.
    pub(crate) fn flag(self, parameter: &'static str) -> Result<Option<bool>, RpcError> {
        match self.get(parameter) {
            None => Ok(None),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(_) => Err(malformed(parameter)),
        }
    }

    /// A whole number.
    pub(crate) fn number(self, parameter: &'static str) -> Result<Option<u64>, RpcError> {
        match self.get(parameter) {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| malformed(parameter)),
        }
    }

    /// `Marker` and `MaxItems` of a listing.
    pub(crate) fn page(self) -> Result<Page<'a>, RpcError> {
        let limit = match self.number("MaxItems")? {
            None => DEFAULT_ITEMS,
            Some(number) => usize::try_from(number)
                .ok()
                .filter(|number| (1..=MAX_ITEMS).contains(number))
                .ok_or_else(|| malformed("MaxItems"))?,
        };
        Ok(Page {
            marker: self.get("Marker"),
            limit,
        })
    }
}

fn malformed(parameter: &str) -> RpcError {
    invalid(
        parameter,
        "",
        format!("The parameter {parameter} is wrongly formed."),
    )
}

impl NameRule {
    fn check(&self, parameter: &str, name: &str) -> Result<(), RpcError> {
        if name.len() > self.longest {
            return Err(invalid(
                parameter,
                ".Length",
                format!(
                    "The parameter {parameter} beyond the length limit of {}.",
                    self.longest
                ),
            ));
        }
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || self.punctuation.contains(&byte);
        if name.is_empty() || !name.bytes().all(fits) {
            return Err(invalid(
                parameter,
                ".InvalidChars",
                format!("The parameter {parameter} contains invalid chars."),
            ));
        }
        Ok(())
    }
}

/// One page of a listing in the order of names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page<'a> {
    marker: Option<&'a str>,
    limit: usize,
}

impl Page<'_> {
    /// Cuts the page out of `items`, which are in the order of their lower-case names, and gives the marker of the
    /// next one.
    pub(crate) fn cut<T>(
        self,
        items: impl Iterator<Item = T>,
        name: impl Fn(&T) -> String,
    ) -> (Vec<T>, Option<String>) {
        let marker = self.marker.map(str::to_ascii_lowercase);
        let mut page = Vec::new();
        for item in items {
            let own = name(&item).to_ascii_lowercase();
            if marker.as_ref().is_some_and(|marker| own < *marker) {
                continue;
            }
            if page.len() == self.limit {
                return (page, Some(own));
            }
            page.push(item);
        }
        (page, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn names_keep_their_rules() {
        let code = |value: &str| {
            let sent = pairs(&[("UserName", value)]);
            Params(&sent)
                .name(&USER_NAME)
                .map(str::to_owned)
                .map_err(|error| error.code.into_owned())
        };
        assert_eq!(code("a.b@c-d_1"), Ok("a.b@c-d_1".to_owned()));
        assert_eq!(code(""), Err("MissingUserName".to_owned()));
        let long = "x".repeat(65);
        assert_eq!(
            code(&long),
            Err("InvalidParameter.UserName.Length".to_owned())
        );
        for bad in ["a b", "ü", "a/b", "a\0"] {
            assert_eq!(
                code(bad),
                Err("InvalidParameter.UserName.InvalidChars".to_owned())
            );
        }
    }

    #[test]
    fn pages_follow_each_other() {
        let names = ["a", "B", "c", "D", "e"];
        let mut seen: Vec<&&str> = Vec::new();
        let mut marker: Option<String> = None;
        loop {
            let mut sent = pairs(&[("MaxItems", "2")]);
            if let Some(marker) = marker.take() {
                sent.push(("Marker".to_owned(), marker));
            }
            let (page, next) = Params(&sent)
                .page()
                .unwrap()
                .cut(names.iter(), |name| (**name).to_owned());
            seen.extend(page);
            match next {
                Some(next) => marker = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, names.iter().collect::<Vec<_>>());
        for bad in ["0", "1001", "x", "-1"] {
            assert!(
                Params(&pairs(&[("MaxItems", bad)])).page().is_err(),
                "{bad}"
            );
        }
    }
}
