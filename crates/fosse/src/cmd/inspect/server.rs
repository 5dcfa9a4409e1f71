//! What a server says to a request: the question to its admin listener, and the answer for a person.

use std::io::{Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use fosse_oss::sign::Description;
use serde_json::Value;

use super::{MAX_BYTES, Request, block, why};
use crate::args::time;
use crate::failure::{Failure, Result};
use crate::out::Out;

/// Asks the admin listener of a server. Errors: it cannot be reached, or is none.
pub(super) fn ask(
    admin: &str,
    request: &Request,
    client: Option<std::net::IpAddr>,
) -> Result<Value> {
    let place = admin.strip_prefix("http://").unwrap_or(admin);
    let authority = place.split('/').next().unwrap_or(place);
    let fail = |what: &dyn std::fmt::Display| {
        Failure::local(format_args!(
            "cannot ask the admin listener at {admin}: {what}; it is what the server calls `admin on http://...` when it starts"
        ))
    };
    let question = serde_json::json!({
        "method": request.method,
        "url": request.url(),
        "headers": request.headers,
        "client": client,
    });
    let body = question.to_string();
    let patience = Duration::from_secs(10);
    let send = || -> std::io::Result<Vec<u8>> {
        let address = authority
            .to_socket_addrs()?
            .next()
            .ok_or(std::io::ErrorKind::AddrNotAvailable)?;
        let mut stream = TcpStream::connect_timeout(&address, patience)?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        write!(
            stream,
            "POST /inspect HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = Vec::new();
        stream.take(MAX_BYTES).read_to_end(&mut answer)?;
        Ok(answer)
    };
    let answer = send().map_err(|error| fail(&error))?;
    let text = String::from_utf8_lossy(&answer);
    let (head, body) = text
        .split_once("\r\n\r\n")
        .ok_or_else(|| fail(&"it gave no answer"))?;
    let told: Value =
        serde_json::from_str(body).map_err(|_| fail(&"it is no admin listener of Fosse"))?;
    if !head.starts_with("HTTP/1.1 200") {
        return Err(fail(
            &told["error"].as_str().unwrap_or("it refused the question"),
        ));
    }
    Ok(told)
}

/// Prints what a server said.
pub(super) fn show(out: &Out, admin: &str, told: &Value, description: &Description) -> Result<()> {
    let text = |name: &str| told[name].as_str();
    out.line(&format!("The server at {admin} says:"))?;
    let row = |name: &str, value: &str| out.line(&format!("{name:<14}{value}"));
    if let Some(bucket) = text("bucket") {
        let by = text("addressed_by").unwrap_or_default();
        row("Bucket", &format!("{bucket} (named by {by})"))?;
    }
    for (name, field) in [
        ("Key", "key"),
        ("Operation", "operation"),
        ("Account", "account"),
        ("Client", "client"),
    ] {
        if let Some(value) = text(field) {
            row(name, value)?;
        }
    }
    if let Some(now) = told["server_time"].as_i64() {
        row(
            "Server clock",
            &format!("{} = {}", time::local(now), time::iso(now)),
        )?;
        if let Some(end) = description.ends {
            let left = end - now;
            row(
                "Time left",
                &if left >= 0 {
                    format!("{left} s")
                } else {
                    "none".to_owned()
                },
            )?;
        }
    }
    if told["accepted"].as_bool() == Some(true) {
        out.line("Verdict: it would be let in.")?;
    } else {
        let refusal = &told["refusal"];
        let word = |name: &str| refusal[name].as_str().unwrap_or_default().to_owned();
        let ec = refusal["ec"]
            .as_str()
            .map(|ec| format!(", EC {ec}"))
            .unwrap_or_default();
        out.line(&format!(
            "Verdict: refused: {} {}: {}{ec}",
            refusal["status"],
            word("code"),
            word("message")
        ))?;
    }
    let difference = &told["difference"];
    let parted = difference["line"].as_u64().map(|line| {
        let side = |name: &str| difference[name].as_str().unwrap_or_default().to_owned();
        (
            usize::try_from(line).unwrap_or(0),
            side("signed"),
            side("received"),
        )
    });
    why(out, text("cause"), parted)?;
    for (title, name) in [
        ("What decided", "steps"),
        ("Policy statements", "statements"),
    ] {
        let lines: Vec<&str> = told[name]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        if !lines.is_empty() {
            out.line(&format!("{title}:"))?;
            for line in lines {
                out.line(&format!("  {line}"))?;
            }
        }
    }
    block(
        out,
        "Canonical request, as the server sees it",
        text("canonical_request").map(str::to_owned),
    )?;
    block(
        out,
        "String to sign, as the server sees it",
        text("string_to_sign").map(str::to_owned),
    )
}
