//! Requester pays (access-control.md §7): who reads from such a bucket says that they pay.

use crate::caller::Caller;
use crate::denial::{Denial, Reason};

/// The refusal of a request to a bucket whose requesters pay. `owner` is the bucket's account: it and everybody of it
/// need not agree. `asked`: the method is one that agreement is asked for (GET, HEAD, POST). `agreed`: the request says
/// `x-oss-request-payer: requester`.
pub fn refused_requester(
    caller: &Caller<'_>,
    owner: &str,
    asked: bool,
    agreed: bool,
) -> Option<Denial> {
    let refused = match caller.account() {
        None => true,
        Some(account) => account != owner && asked && !agreed,
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
        // caller, asked, agreed, refused
        let cases = [
            (Caller::Anonymous, true, true, true),
            (Caller::Anonymous, false, false, true),
            (Caller::Root { account: "1" }, true, false, false),
            (user("1"), true, false, false),
            (Caller::Root { account: "2" }, true, false, true),
            (Caller::Root { account: "2" }, true, true, false),
            (Caller::Root { account: "2" }, false, false, false),
            (user("2"), true, false, true),
            (user("2"), true, true, false),
        ];
        for (caller, asked, agreed, refused) in cases {
            let found = refused_requester(&caller, "1", asked, agreed);
            assert_eq!(found.is_some(), refused, "{caller:?} {asked} {agreed}");
        }
    }
}
