//! The `Hint:` line: the commonest causes of a refusal, in plain words.

use fosse_client::{Error as ClientError, ServiceError};

/// What to try next, when the refusal has a usual cause.
pub(crate) fn hint(error: &ServiceError) -> Option<String> {
    let message = error.message.to_ascii_lowercase();
    let text = match error.code.as_str() {
        "SignatureDoesNotMatch" => {
            let mut text = String::from(
                "the AccessKey secret does not belong to this AccessKey ID, or something between here and the server \
                 changed the request. Check the secret first (`fosse config get access-key-secret`, OSS_ACCESS_KEY_SECRET)",
            );
            if error.key.as_deref().is_some_and(|key| key.contains('+')) {
                text.push_str("; the key holds a `+`, which some proxies turn into a space");
            }
            text
        }
        "InvalidAccessKeyId" if message.contains("disabled") => {
            "this AccessKey is switched off. Enable it, or use another one".to_owned()
        }
        "InvalidAccessKeyId" => {
            "the server does not know this AccessKey ID. It may be a key of another server, or a temporary one sent \
             without its token (--sts-token, OSS_SESSION_TOKEN)"
                .to_owned()
        }
        "RequestTimeTooSkewed" => match error.clock_offset {
            Some(offset) => format!(
                "the clock of this machine is {} s {} the server's. Set it right (for example with NTP)",
                offset.unsigned_abs(),
                if offset > 0 { "behind" } else { "ahead of" },
            ),
            None => "the clock of this machine and the server's differ by more than 15 minutes".to_owned(),
        },
        "SecurityTokenExpired" => "the temporary credentials have run out. Get new ones and set all three values".to_owned(),
        "InvalidSecurityToken" | "AccessKeyIdAndSecurityTokenNotMatch" => {
            "AccessKey ID, secret and security token must come from the same answer of the token service".to_owned()
        }
        "InvalidArgument" if message.contains("signing region") => {
            "the region in the signature is not the server's. Set the plain id with --region or OSS_REGION, \
             for example cn-hangzhou (not oss-cn-hangzhou)"
                .to_owned()
        }
        "NoSuchBucket" => {
            "there is no bucket of that name on this server. `fosse ls` shows those that are yours; with \
             --addressing-style cname the host decides the bucket"
                .to_owned()
        }
        "SecondLevelDomainForbidden" => {
            "this server wants the bucket in the host name: use --addressing-style virtual, or cname for a bound domain".to_owned()
        }
        "AccessDenied" if message.contains("expired") => "the URL has run out. Sign a new one".to_owned(),
        "AccessDenied" if message.contains("referer") => {
            "the bucket's Referer list refuses this request".to_owned()
        }
        "AccessDenied" if message.contains("specified endpoint") => {
            "the bucket is in another region. Use the endpoint and the region that the server names".to_owned()
        }
        "AccessDenied" if message.contains("anonymous") => {
            "no AccessKey was sent. Set one with `fosse config`, OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET, or -i and -k".to_owned()
        }
        "AccessDenied" => "this AccessKey has no right to do that: look at the bucket ACL, the object ACL and its owner".to_owned(),
        "BucketNotEmpty" => {
            "remove the objects and the unfinished uploads first: `fosse rm oss://BUCKET -r`, `fosse ls -m oss://BUCKET`".to_owned()
        }
        "BucketAlreadyExists" => "bucket names are shared by all accounts of a server: choose another name".to_owned(),
        _ => return None,
    };
    Some(text)
}

/// What to try next, when no connection could be made.
pub(crate) fn connection(error: &ClientError) -> Option<&'static str> {
    let ClientError::Connect { endpoint, reason } = error else {
        return None;
    };
    if endpoint.starts_with("https://") && reason.contains("InvalidContentType") {
        Some(
            "the server speaks plain HTTP there: write http:// in front of the endpoint (without a scheme it is https)",
        )
    } else if reason.contains("UnknownIssuer") {
        Some(
            "nobody this machine trusts vouches for the certificate: name the authority with --ca-file, or use --skip-verify-cert in a network that you trust",
        )
    } else if reason.contains("NotValidForName") {
        Some(
            "the certificate is for another name: use an endpoint that it names, or --addressing-style path",
        )
    } else if reason.contains("refused") {
        Some("nothing listens there: is the server running, and is the port right?")
    } else {
        None
    }
}
