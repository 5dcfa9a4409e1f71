//! What Fosse does where a vector leaves the choice open (`"expect": "either"`).

use crate::vector::Vector;

/// Whether the vector must be accepted.
pub(crate) fn accepted(vector: &Vector) -> bool {
    match vector.expect() {
        "accept" => true,
        "reject" => false,
        "either" => match vector.scheme() {
            // Refused cleanly, naming the schemes served.
            "v2-url" | "v2-header" => false,
            // A signature has one spelling: lower-case hex.
            _ if vector.id() == "edge-083" => false,
            // Second attempts: ISO-8859-1 metadata, `name=`, host without port; a raw plus in a V1 `Signature` and in a
            // path is a plus; GMT in `x-oss-date`; no `x-oss-content-sha256`.
            _ => true,
        },
        other => panic!("{}: expect is {other:?}", vector.id()),
    }
}

#[test]
fn every_open_choice_is_one_that_was_thought_about() {
    let mut open: Vec<String> = crate::vector::all()
        .iter()
        .filter(|v| v.expect() == "either")
        .map(|v| v.id().to_owned())
        .collect();
    open.sort();
    assert_eq!(
        open,
        [
            "ali-oss-v1-header-041",
            "ali-oss-v4-header-044",
            "ali-oss-v4-url-031",
            "derived-002",
            "derived-006",
            "derived-011",
            "edge-051",
            "edge-083",
            "edge-089",
            "oss2-v2-header-003",
            "oss2-v2-url-001",
            "oss2-v2-url-002",
        ]
    );
}
