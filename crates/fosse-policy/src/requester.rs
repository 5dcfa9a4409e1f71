//! Requester pays (access-control.md §7): who uses such a bucket says that they pay.

use crate::caller::Caller;
use crate::denial::{Denial, Reason};

/// The refusal of a request to a bucket whose requesters pay. `owner` is the bucket's account: it and everybody of it
/// need not agree. `agreed`: the request says `x-oss-request-payer: requester`. The documentation names GET, HEAD and POST;
/// the suite of oss2 expects the same refusal of PUT and DELETE, so the method makes no difference.
pub fn refused_requester(caller: &Caller<'_>, owner: &str, agreed: bool) -> Option<Denial> {
    let refused = match caller.account() {
        None => true,
        Some(account) => account != owner && !agreed,
    };
    refused.then(|| Reason::RequesterPays.fixed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_to_agree() {
        let user = |account| Caller::User {
            account,
            id: "3",
            name: "u",
            policies: &[],
        };
        // caller, agreed, refused
        let cases = [
            (Caller::Anonymous, true, true),
            (Caller::Anonymous, false, true),
            (Caller::Root { account: "1" }, false, false),
            (user("1"), false, false),
            (Caller::Root { account: "2" }, false, true),
            (Caller::Root { account: "2" }, true, false),
            (user("2"), false, true),
            (user("2"), true, false),
        ];
        for (caller, agreed, refused) in cases {
            let found = refused_requester(&caller, "1", agreed);
            assert_eq!(found.is_some(), refused, "{caller:?} {agreed}");
        }
    }
}
