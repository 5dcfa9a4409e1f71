//! CORS matching (api-objects.md §15): which rule of a bucket lets a script of another origin in.

/// A rule of a bucket, borrowed. A pattern holds at most one `*`, which stands for any text, also none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CorsRule<'r> {
    /// Origin patterns, case-sensitive: browsers send origins in lower case.
    pub allowed_origins: &'r [String],
    /// Methods, upper-case.
    pub allowed_methods: &'r [String],
    /// Patterns of request headers, case-insensitive.
    pub allowed_headers: &'r [String],
    /// Response headers that a script may read.
    pub expose_headers: &'r [String],
    /// Seconds for which a browser may keep the answer of a preflight.
    pub max_age_seconds: Option<u64>,
}

/// What the browser asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CorsRequest<'q> {
    /// `Origin`.
    pub origin: &'q str,
    /// `Access-Control-Request-Method` of a preflight, the method itself of any other request.
    pub method: &'q str,
    /// `Access-Control-Request-Headers` of a preflight as sent; `None` for any other request.
    pub headers: Option<&'q str>,
}

/// What the answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorsGrant {
    /// `Access-Control-Allow-Origin`: the origin, or `*` when the rule admits every one.
    pub allow_origin: String,
    /// `Access-Control-Allow-Methods`.
    pub allow_methods: String,
    /// `Access-Control-Allow-Headers`: the headers that were asked for; `None` when none were.
    pub allow_headers: Option<String>,
    /// `Access-Control-Expose-Headers`; `None` when the rule exposes none.
    pub expose_headers: Option<String>,
    /// `Access-Control-Max-Age`.
    pub max_age_seconds: Option<u64>,
}

/// The grant of the first rule whose origin, method and headers all match; `None` when there is no such rule.
pub fn matching<'r>(
    rules: impl IntoIterator<Item = CorsRule<'r>>,
    request: &CorsRequest<'_>,
) -> Option<CorsGrant> {
    let headers: Vec<&str> = requested(request.headers.unwrap_or_default()).collect();
    let rule = rules
        .into_iter()
        .find(|rule| admits(rule, request, &headers))?;
    let any = rule.allowed_origins.iter().any(|pattern| pattern == "*");
    let listed = |values: String| (!values.is_empty()).then_some(values);
    Some(CorsGrant {
        allow_origin: if any {
            "*".to_owned()
        } else {
            request.origin.to_owned()
        },
        allow_methods: rule.allowed_methods.join(", "),
        allow_headers: listed(headers.join(", ")),
        expose_headers: listed(rule.expose_headers.join(", ")),
        max_age_seconds: rule.max_age_seconds,
    })
}

fn admits(rule: &CorsRule<'_>, request: &CorsRequest<'_>, headers: &[&str]) -> bool {
    let admitted = |header: &&str| {
        let header = header.to_ascii_lowercase();
        rule.allowed_headers
            .iter()
            .any(|p| matches(&p.to_ascii_lowercase(), &header))
    };
    rule.allowed_origins
        .iter()
        .any(|pattern| matches(pattern, request.origin))
        && rule
            .allowed_methods
            .iter()
            .any(|method| method == request.method)
        && headers.iter().all(admitted)
}

fn requested(list: &str) -> impl Iterator<Item = &str> {
    list.split(',')
        .map(str::trim)
        .filter(|header| !header.is_empty())
}

/// The first `*` of a pattern stands for any text; everything else for itself.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, after)) => text
            .strip_prefix(before)
            .is_some_and(|rest| rest.ends_with(after)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Owned {
        origins: Vec<String>,
        methods: Vec<String>,
        headers: Vec<String>,
        expose: Vec<String>,
        max_age: Option<u64>,
    }

    /// Space-separated lists.
    fn rule(
        origins: &str,
        methods: &str,
        headers: &str,
        expose: &str,
        max_age: Option<u64>,
    ) -> Owned {
        let list = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        Owned {
            origins: list(origins),
            methods: list(methods),
            headers: list(headers),
            expose: list(expose),
            max_age,
        }
    }

    fn ask(
        rules: &[Owned],
        origin: &str,
        method: &str,
        headers: Option<&str>,
    ) -> Option<CorsGrant> {
        let views = rules.iter().map(|rule| CorsRule {
            allowed_origins: &rule.origins,
            allowed_methods: &rule.methods,
            allowed_headers: &rule.headers,
            expose_headers: &rule.expose,
            max_age_seconds: rule.max_age,
        });
        matching(
            views,
            &CorsRequest {
                origin,
                method,
                headers,
            },
        )
    }

    #[test]
    fn patterns() {
        let cases = [
            ("*", "", true),
            ("*", "anything", true),
            ("http://a.example", "http://a.example", true),
            ("http://a.example", "http://a.example:80", false),
            ("http://a.example", "HTTP://a.example", false),
            ("http://*.example.com", "http://a.example.com", true),
            ("http://*.example.com", "http://a.b.example.com", true),
            ("http://*.example.com", "http://.example.com", true),
            ("http://*.example.com", "http://example.com", false),
            ("http://*.example.com", "https://a.example.com", false),
            ("http://*.example.com", "http://a.example.com.evil", false),
            ("*.example.com", "http://a.example.com", true),
            ("http://a*", "http://a", true),
            // The two ends may not overlap.
            ("ab*ba", "aba", false),
            ("ab*ba", "abba", true),
            ("", "", true),
            ("", "x", false),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(matches(pattern, text), expected, "{pattern} and {text}");
        }
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let rules = [
            rule("http://a.example", "GET", "", "", None),
            rule(
                "http://a.example",
                "GET PUT",
                "x-oss-* content-type",
                "ETag x-oss-request-id",
                Some(60),
            ),
            rule("*", "GET PUT", "*", "", Some(1)),
        ];
        let grant = ask(&rules, "http://a.example", "GET", None).unwrap();
        assert_eq!(
            (grant.allow_methods.as_str(), grant.max_age_seconds),
            ("GET", None)
        );
        assert_eq!((grant.allow_headers, grant.expose_headers), (None, None));

        let grant = ask(
            &rules,
            "http://a.example",
            "PUT",
            Some("X-Oss-Meta-A, Content-Type,"),
        )
        .unwrap();
        assert_eq!(
            grant,
            CorsGrant {
                allow_origin: "http://a.example".into(),
                allow_methods: "GET, PUT".into(),
                allow_headers: Some("X-Oss-Meta-A, Content-Type".into()),
                expose_headers: Some("ETag, x-oss-request-id".into()),
                max_age_seconds: Some(60),
            }
        );

        let grant = ask(&rules, "http://a.example", "PUT", Some("authorization")).unwrap();
        assert_eq!(
            (grant.allow_origin.as_str(), grant.max_age_seconds),
            ("*", Some(1))
        );
        assert_eq!(ask(&rules, "http://b.example", "DELETE", None), None);
    }

    #[test]
    fn every_part_has_to_match() {
        let rules = [rule("http://*.example", "GET", "content-type", "", None)];
        assert!(ask(&rules, "http://a.example", "GET", Some("CONTENT-TYPE")).is_some());
        assert!(ask(&rules, "http://a.example", "GET", Some("")).is_some());
        assert!(ask(&rules, "http://a.example", "GET", Some("content-type, x-a")).is_none());
        assert!(ask(&rules, "http://a.example", "get", None).is_none());
        assert!(ask(&rules, "http://a.other", "GET", None).is_none());
        assert!(ask(&[], "http://a.example", "GET", None).is_none());
        let bare = [rule("*", "GET", "", "", None)];
        assert!(ask(&bare, "http://a.example", "GET", Some("x-a")).is_none());
    }
}
