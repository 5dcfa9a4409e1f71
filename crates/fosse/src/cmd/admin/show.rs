//! Answers of administrative actions, for people.

use serde_json::Value;

/// Text of a member; other values as JSON, what is missing as nothing.
fn text(record: &Value, name: &str) -> String {
    match &record[name] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A table: titles, and a row for each record.
fn table(titles: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut widths: Vec<usize> = titles.iter().map(|title| title.chars().count()).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let titles = titles.iter().map(|title| (*title).to_owned()).collect();
    let mut out = String::new();
    for row in std::iter::once(titles).chain(rows) {
        let row: Vec<String> = row;
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            let gap = width + 2 - cell.chars().count().min(*width);
            line.extend(std::iter::repeat_n(' ', gap));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// The records of `answer[list][item]`.
fn items<'a>(answer: &'a Value, list: &str, item: &str) -> &'a [Value] {
    answer[list][item].as_array().map_or(&[], Vec::as_slice)
}

fn rows(records: &[Value], names: &[&str]) -> Vec<Vec<String>> {
    let row = |record: &Value| names.iter().map(|name| text(record, name)).collect();
    records.iter().map(row).collect()
}

/// One record, a line for each member.
pub(super) fn record(record: &Value) -> String {
    let Some(members) = record.as_object() else {
        return String::new();
    };
    let width = members.keys().map(String::len).max().unwrap_or(0);
    let mut out = String::new();
    for name in members.keys() {
        let value = text(record, name);
        if value.is_empty() {
            continue;
        }
        if let Ok(Value::Object(document)) = serde_json::from_str(&value) {
            let document = format!("{:#}", Value::Object(document));
            out.push_str(&format!("{name}:\n{document}\n"));
        } else {
            out.push_str(&format!("{name:<width$}  {value}\n"));
        }
    }
    out
}

/// A record and the names of what belongs to it.
pub(super) fn with_lists(answer: &Value, main: &str) -> String {
    let mut out = record(&answer[main]);
    let lists = [
        ("Groups", "Group", "GroupName"),
        ("Users", "User", "UserName"),
        ("Roles", "Role", "RoleName"),
        ("Policies", "Policy", "PolicyName"),
        ("InlinePolicies", "InlinePolicy", "PolicyName"),
        ("AccessKeys", "AccessKey", "AccessKeyId"),
    ];
    for (list, item, name) in lists {
        let names: Vec<String> = items(answer, list, item)
            .iter()
            .map(|record| text(record, name))
            .collect();
        if !names.is_empty() {
            out.push_str(&format!("{list}: {}\n", names.join(", ")));
        }
    }
    out
}

pub(super) fn account(answer: &Value) -> String {
    record(&answer["Account"])
}

pub(super) fn accounts(answer: &Value) -> String {
    let names = ["AccountId", "Status", "CreateDate", "AccountName"];
    table(
        &["AccountID", "Status", "Created", "Name"],
        rows(items(answer, "Accounts", "Account"), &names),
    )
}

pub(super) fn users(answer: &Value) -> String {
    let names = ["UserName", "UserId", "CreateDate", "Comments"];
    table(
        &["User", "UserID", "Created", "Comment"],
        rows(items(answer, "Users", "User"), &names),
    )
}

pub(super) fn groups(answer: &Value) -> String {
    let names = ["GroupName", "GroupId", "CreateDate", "Comments"];
    table(
        &["Group", "GroupID", "Created", "Comment"],
        rows(items(answer, "Groups", "Group"), &names),
    )
}

pub(super) fn roles(answer: &Value) -> String {
    let names = ["RoleName", "Arn", "MaxSessionDuration", "CreateDate"];
    table(
        &["Role", "ARN", "MaxSession", "Created"],
        rows(items(answer, "Roles", "Role"), &names),
    )
}

pub(super) fn policies(answer: &Value) -> String {
    let names = [
        "PolicyName",
        "PolicyType",
        "DefaultVersion",
        "AttachmentCount",
        "Description",
    ];
    table(
        &["Policy", "Type", "Version", "Attached", "Description"],
        rows(items(answer, "Policies", "Policy"), &names),
    )
}

pub(super) fn inline_policies(answer: &Value) -> String {
    let policies = items(answer, "InlinePolicies", "InlinePolicy");
    table(&["Policy"], rows(policies, &["PolicyName"]))
}

pub(super) fn buckets(answer: &Value) -> String {
    let names = ["BucketName", "CreateDate", "ForceDownload"];
    table(
        &["Bucket", "Created", "ForceDownload"],
        rows(items(answer, "Buckets", "Bucket"), &names),
    )
}

/// A policy, its text as JSON with indentation, and its holders.
pub(super) fn policy(answer: &Value) -> String {
    with_lists(answer, "Policy")
}

/// A document with indentation.
pub(super) fn json_text(document: &Value) -> String {
    let text = document.as_str().unwrap_or_default();
    match serde_json::from_str::<Value>(text) {
        Ok(document) => format!("{document:#}\n"),
        Err(_) => format!("{text}\n"),
    }
}

/// A new AccessKey, ready to paste into a shell.
pub(super) fn new_key(answer: &Value) -> String {
    let key = &answer["AccessKey"];
    format!(
        "export OSS_ACCESS_KEY_ID={}\nexport OSS_ACCESS_KEY_SECRET={}\n",
        text(key, "AccessKeyId"),
        text(key, "AccessKeySecret")
    )
}

pub(super) fn keys(answer: &Value) -> String {
    let keys = items(answer, "AccessKeys", "AccessKey");
    let row = |key: &Value| {
        vec![
            text(key, "AccessKeyId"),
            if key["IsRoot"] == true {
                "root"
            } else {
                "added"
            }
            .to_owned(),
            if key["Status"] == "Active" {
                "enabled"
            } else {
                "disabled"
            }
            .to_owned(),
            text(key, "CreateDate"),
            text(key, "Comments"),
        ]
    };
    table(
        &["AccessKeyID", "Kind", "State", "Created", "Comment"],
        keys.iter().map(row).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tables_are_aligned() {
        let answer = json!({"Users": {"User": [
            {"UserName": "a", "UserId": "1", "CreateDate": "d"},
            {"UserName": "longer", "UserId": "22", "CreateDate": "d", "Comments": "c"},
        ]}});
        assert_eq!(
            users(&answer),
            "User    UserID  Created  Comment\na       1       d\nlonger  22      d        c\n"
        );
    }

    #[test]
    fn a_record_shows_documents_with_indentation() {
        let shown = record(&json!({"RoleName": "r", "Doc": "{\"a\":1}", "Empty": ""}));
        assert_eq!(shown, "Doc:\n{\n  \"a\": 1\n}\nRoleName  r\n");
    }
}
