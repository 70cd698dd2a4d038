//! Hides secrets in what people are shown: the values of query parameters and of header fields that carry credentials.
//!
//! A request target or a field goes in, the same with `‹redacted›` in place of each secret comes out. Nothing is judged by
//! its value, only by its name; event data and IDs never pass through here.

use std::borrow::Cow;

/// What stands in place of a secret.
pub const REDACTED: &str = "‹redacted›";

/// Query parameters that carry a secret, as normalised by [`normalise`].
const PARAMETERS: &[&str] = &[
    "key",
    "apikey",
    "token",
    "auth",
    "sig",
    "signature",
    "secret",
    "password",
    "code",
    "pass",
    "pwd",
    "passwd",
    "sid",
    "authcode",
    "authorization",
    "bearer",
    "jwt",
    "otp",
];

/// Fields that carry a secret, in lower case.
const FIELDS: &[&str] = &[
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "cookie2",
    "set-cookie2",
    "x-api-key",
    "api-key",
    "apikey",
    "mcp-session-id",
    "x-session-id",
    "x-auth",
    "x-auth-key",
    "authentication-info",
    "proxy-authentication-info",
    "x-amz-security-token",
    "cf-access-jwt-assertion",
];

/// Endings of names, normalised, that tell a secret in parameters and fields alike. `key` alone is not among them:
/// `sort_key` and `Sec-WebSocket-Key` hide nothing.
const ENDINGS: &[&str] = &[
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "apikey",
    "accesskey",
    "accesskeyid",
    "secretkey",
    "privatekey",
    "subscriptionkey",
    "functionskey",
    "authkey",
    "accountkey",
    "signature",
    "credential",
    "credentials",
    "sessionid",
    "authorizationcode",
];

/// Fields whose value is a URI, which may carry secrets in its query.
const URI_FIELDS: &[&str] = &[
    "location",
    "content-location",
    "referer",
    "origin",
    "link",
    ":path",
];

/// `target` with the secrets in its query and the user information of its authority hidden. An authority alone, as CONNECT
/// and Host have it, is a target too.
pub fn redact_target(target: &str) -> Cow<'_, str> {
    let mut out: Option<String> = None;
    let mut rest = target;
    // RFC 3986 §3.2.1: only what stands between `//` and the first `@` of the authority.
    // RFC 9112 §3.2.3: CONNECT's target is an authority without `//`.
    let alone = || (!target.starts_with('/')).then_some(0);
    if let Some(start) = target.find("://").map(|at| at + 3).or_else(alone)
        && let authority = target[start..].split(['/', '?', '#']).next().unwrap_or("")
        && let Some(at) = authority.rfind('@')
        && at > 0
    {
        out = Some(format!("{}{REDACTED}", &target[..start]));
        rest = &target[start + at..];
    }
    let Some(query) = rest.find('?') else {
        return match out {
            Some(out) => Cow::Owned(out + rest),
            None => Cow::Borrowed(target),
        };
    };
    // A fragment is never sent, but a token in one would be no less secret: it is read as parameters too.
    let mut copied = 0;
    for (start, parameter) in parameters(rest, query + 1) {
        let Some((name, _)) = parameter.split_once('=') else {
            continue;
        };
        if start < copied || !names_a_secret(&decode(name)) {
            continue;
        }
        let value = start + name.len() + 1;
        // `;`, `?` and `#` may stand in a value: only the next `&` ends it for sure.
        let length = rest[value..].find('&').unwrap_or(rest.len() - value);
        if length == 0 {
            continue;
        }
        let text = out.get_or_insert_default();
        text.push_str(&rest[copied..value]);
        text.push_str(REDACTED);
        copied = value + length;
    }
    match out {
        Some(out) => Cow::Owned(out + &rest[copied..]),
        None => Cow::Borrowed(target),
    }
}

/// A field's value, hidden where `name` says that it is a secret.
pub fn redact_field<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    let lower = name.to_ascii_lowercase();
    let ending = normalise(&lower);
    if FIELDS.contains(&lower.as_str()) || ENDINGS.iter().any(|end| ending.ends_with(end)) {
        Cow::Borrowed(REDACTED)
    } else if URI_FIELDS.contains(&lower.as_str()) {
        redact_target(value)
    } else {
        Cow::Borrowed(value)
    }
}

/// The parameters of `text` from `from`, each with its place.
fn parameters(text: &str, from: usize) -> impl Iterator<Item = (usize, &str)> {
    let mut start = from;
    text[from..]
        .split(['&', ';', '#', '?'])
        .map(move |parameter| {
            let here = start;
            start += parameter.len() + 1;
            (here, parameter)
        })
}

fn names_a_secret(name: &str) -> bool {
    let name = normalise(name);
    PARAMETERS.contains(&name.as_str()) || ENDINGS.iter().any(|end| name.ends_with(end))
}

/// `name` in lower case with the signs gone that writers put between words: `X-Api-Key`, `api_key`, `apiKey` and
/// `api.key[]` are one name.
fn normalise(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// `name` with its percent-encoding taken off (RFC 3986 §2.1), as often as it was put on, three times at most.
fn decode(name: &str) -> Cow<'_, str> {
    let mut name = Cow::Borrowed(name);
    for _ in 0..3 {
        if !name.contains('%') {
            break;
        }
        name = Cow::Owned(decode_once(&name));
    }
    name
}

fn decode_once(name: &str) -> String {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let hex = |digit: u8| char::from(digit).to_digit(16);
        match (first, tail) {
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push((high * 16 + low) as u8);
                    rest = after;
                }
                _ => bytes.push(b'%'),
            },
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_of_secret_parameters_are_hidden_and_others_are_not() {
        for (target, shown) in [
            ("/v1?key=abc", "/v1?key=‹redacted›"),
            ("/v1?a=1&API_KEY=x&b=2", "/v1?a=1&API_KEY=‹redacted›&b=2"),
            ("/v1?a=1;token=y;b=2", "/v1?a=1;token=‹redacted›"),
            ("/v1?password=a;b?c#d=e&f=1", "/v1?password=‹redacted›&f=1"),
            ("/v1?a?token=x", "/v1?a?token=‹redacted›"),
            ("/cb?code=x&state=y", "/cb?code=‹redacted›&state=y"),
            ("/s?X-Amz-Signature=00ff", "/s?X-Amz-Signature=‹redacted›"),
            ("/s?%74oken=x", "/s?%74oken=‹redacted›"),
            ("/s?%2574oken=x", "/s?%2574oken=‹redacted›"),
            ("/s?auth[token]=x=y=z", "/s?auth[token]=‹redacted›"),
            ("/s?a=1#access_token=y", "/s?a=1#access_token=‹redacted›"),
            ("http://user:pass@host/?a=b", "http://‹redacted›@host/?a=b"),
            ("http://user:pass@host/", "http://‹redacted›@host/"),
            ("user:pass@host:443", "‹redacted›@host:443"),
            ("host:443", "host:443"),
            ("/users/me@host", "/users/me@host"),
            ("/?token=", "/?token="),
            ("/?token=;x", "/?token=‹redacted›"),
            (
                "/?monkey=1&sort_key=2&zipcode=3&max_tokens=4&author=5",
                "/?monkey=1&sort_key=2&zipcode=3&max_tokens=4&author=5",
            ),
            ("/path/token=abc", "/path/token=abc"),
            ("/?100%=x&%zz=y&%", "/?100%=x&%zz=y&%"),
            ("*", "*"),
        ] {
            assert_eq!(redact_target(target), shown);
        }
    }

    #[test]
    fn fields_that_carry_credentials_are_hidden() {
        for name in [
            "Authorization",
            "cookie",
            "SET-COOKIE",
            "X-Goog-Api-Key",
            "Mcp-Session-Id",
            "X-Vault-Token",
        ] {
            assert_eq!(redact_field(name, "v"), REDACTED, "{name}");
        }
        for name in [
            "Host",
            "Accept",
            "Last-Event-ID",
            "Sec-WebSocket-Key",
            "ETag",
        ] {
            assert_eq!(redact_field(name, "v"), "v", "{name}");
        }
        assert_eq!(
            redact_field("Location", "/a?token=b"),
            "/a?token=‹redacted›"
        );
    }

    proptest! {
        #[test]
        fn a_target_is_never_lost_and_a_secret_never_kept(target in "\\PC{0,30}", value in "[a-z0-9]{20}") {
            redact_target(&target);
            let with = format!("/x?{target}&access_token={value}");
            prop_assert!(!redact_target(&with).contains(&value));
        }
    }
}
