//! Accounts and what belongs to them.

use super::*;
use crate::identity::*;

over_engines!(
    accounts,
    names_are_unique_in_any_case,
    a_change_applies_whole_or_not_at_all,
    changes_of_one_account_do_not_cross,
    keys_belong_to_users,
    last_uses,
);

const ACCOUNT: &str = "1000000000000001";

fn account(id: &str) -> Account {
    Account {
        id: id.into(),
        name: "first".into(),
        alias: None,
        enabled: true,
        block_public_access: false,
        created_ms: 1,
        revision: 0,
    }
}

fn user(id: &str, name: &str) -> User {
    User {
        id: id.into(),
        account: ACCOUNT.into(),
        name: name.into(),
        display_name: String::new(),
        mobile_phone: String::new(),
        email: String::new(),
        comments: String::new(),
        created_ms: 2,
        updated_ms: 2,
        groups: Default::default(),
        permissions: Permissions::default(),
    }
}

fn key(id: &str, user: Option<&str>) -> AccessKey {
    AccessKey {
        id: id.into(),
        secret: format!("secret of {id}"),
        owner: ACCOUNT.into(),
        user: user.map(Into::into),
        enabled: true,
        root: false,
        created_ms: 3,
        comment: String::new(),
    }
}

async fn add_user(store: &Store, id: &str, name: &str) -> std::result::Result<(), ChangeError<()>> {
    let new = user(id, name);
    store
        .change_account(ACCOUNT, |records, change| {
            if records.users.get(name).is_some() {
                return Err(());
            }
            change.put_user(new);
            Ok(())
        })
        .await
}

async fn accounts(store: Store) {
    assert!(store.accounts().is_empty());
    let before = store.identity_revision();
    let made = store.create_account(account(ACCOUNT)).await.unwrap();
    assert_eq!(made.revision, 1);
    assert!(store.identity_revision() > before);
    assert!(matches!(
        store.create_account(account(ACCOUNT)).await,
        Err(StoreError::Conflict)
    ));
    assert!(matches!(
        add_user_to(&store, "2000000000000002").await,
        Err(ChangeError::NoSuchAccount)
    ));
    add_user(&store, "1", "a").await.unwrap();
    assert!(matches!(
        store.delete_account(ACCOUNT).await,
        Err(ChangeError::Refused(()))
    ));
    let removed = store.change_account(ACCOUNT, |records, change| {
        let id = records
            .users
            .get("A")
            .map(|user| user.id.clone())
            .ok_or(())?;
        change.remove_user(&id);
        Ok::<_, ()>(())
    });
    removed.await.unwrap();
    // A bucket keeps its account, too.
    let bucket = store
        .create_bucket(new_bucket("held", ACCOUNT), 10)
        .await
        .unwrap();
    assert!(matches!(
        store.delete_account(ACCOUNT).await,
        Err(ChangeError::Refused(()))
    ));
    store.delete_bucket(&bucket.name).await.unwrap();
    store.delete_account(ACCOUNT).await.unwrap();
    assert!(store.accounts().is_empty());
    assert!(matches!(
        store.delete_account(ACCOUNT).await,
        Err(ChangeError::NoSuchAccount)
    ));
}

async fn add_user_to(store: &Store, account: &str) -> std::result::Result<(), ChangeError<()>> {
    store
        .change_account(account, |_, change| {
            change.put_user(user("9", "x"));
            Ok(())
        })
        .await
}

async fn names_are_unique_in_any_case(store: Store) {
    store.create_account(account(ACCOUNT)).await.unwrap();
    add_user(&store, "1", "Alice").await.unwrap();
    assert!(matches!(
        add_user(&store, "2", "aLICE").await,
        Err(ChangeError::Refused(()))
    ));
    // Renamed: found by the new name and by the number, not by the old name.
    let renamed = store.change_account(ACCOUNT, |records, change| {
        let old = records.users.by_id("1").ok_or(())?;
        change.put_user(User {
            name: "Bob".into(),
            ..User::clone(old)
        });
        Ok::<_, ()>(())
    });
    renamed.await.unwrap();
    store
        .read_account(ACCOUNT, |records| {
            assert_eq!(records.users.len(), 1);
            assert!(records.users.get("alice").is_none());
            assert_eq!(records.users.get("BOB").unwrap().id, "1");
            assert_eq!(records.users.by_id("1").unwrap().name, "Bob");
        })
        .unwrap();
    add_user(&store, "2", "alice").await.unwrap();
}

async fn a_change_applies_whole_or_not_at_all(store: Store) {
    store.create_account(account(ACCOUNT)).await.unwrap();
    let before = store.identity_revision();
    let refused = store.change_account(ACCOUNT, |_, change| {
        change.put_user(user("1", "a"));
        change.put_key(key("AK1", Some("1")));
        Err::<(), _>("no")
    });
    assert!(matches!(refused.await, Err(ChangeError::Refused("no"))));
    assert!(store.access_key("AK1").is_none());
    assert_eq!(store.identity_revision(), before);
    let unchanged = store.change_account(ACCOUNT, |_, _| Ok::<_, ()>(7)).await;
    assert_eq!(unchanged.unwrap(), 7);
    assert_eq!(store.identity_revision(), before);
}

async fn changes_of_one_account_do_not_cross(store: Store) {
    store.create_account(account(ACCOUNT)).await.unwrap();
    let mut tasks = Vec::new();
    for at in 0..40 {
        let store = store.clone();
        // Two take part for each name.
        tasks.push(tokio::spawn(async move {
            add_user(&store, &at.to_string(), &format!("user{}", at / 2)).await
        }));
    }
    let mut made = 0;
    for task in tasks {
        made += usize::from(task.await.unwrap().is_ok());
    }
    assert_eq!(made, 20);
    let (users, revision) = store
        .read_account(ACCOUNT, |r| (r.users.len(), r.account.revision))
        .unwrap();
    assert_eq!((users, revision), (20, 21));
}

async fn keys_belong_to_users(store: Store) {
    store.create_account(account(ACCOUNT)).await.unwrap();
    add_user(&store, "1", "a").await.unwrap();
    let made = store.change_account(ACCOUNT, |_, change| {
        change.put_key(key("AK2", Some("1")));
        change.put_key(key("AK1", Some("1")));
        change.put_key(key("AK0", None));
        Ok::<_, ()>(())
    });
    made.await.unwrap();
    assert_eq!(store.access_key("AK1").unwrap().secret, "secret of AK1");
    let ids = |user: Option<&str>| {
        store
            .read_account(ACCOUNT, |records| {
                let keys = records.keys_of(user);
                keys.iter().map(|key| key.id.clone()).collect::<Vec<_>>()
            })
            .unwrap()
    };
    assert_eq!(ids(Some("1")), ["AK1", "AK2"]);
    assert_eq!(ids(None), ["AK0"]);
    // A key that is written by itself is seen as well.
    store.put_access_key(key("AK3", None)).await.unwrap();
    assert_eq!(ids(None), ["AK0", "AK3"]);
    let removed = store.change_account(ACCOUNT, |_, change| {
        change.remove_key("AK2");
        Ok::<_, ()>(())
    });
    removed.await.unwrap();
    assert!(store.access_key("AK2").is_none());
    assert_eq!(ids(Some("1")), ["AK1"]);
}

async fn last_uses(store: Store) {
    store.put_access_key(key("AK1", None)).await.unwrap();
    assert_eq!(store.last_used("AK1"), None);
    let before = store.identity_revision();
    store
        .record_last_used(vec![("AK1".into(), 5), ("gone".into(), 6)])
        .await
        .unwrap();
    assert_eq!(store.last_used("AK1"), Some(5));
    assert_eq!(store.last_used("gone"), None);
    assert_eq!(store.identity_revision(), before, "nothing derives from it");
    store.delete_access_key("AK1").await.unwrap();
    assert_eq!(store.last_used("AK1"), None);
}

#[tokio::test]
async fn everything_is_there_after_a_restart_and_no_secret_is_in_clear() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.create_account(account(ACCOUNT)).await.unwrap();
    let made = store.change_account(ACCOUNT, |records, change| {
        change.put_account(Account {
            alias: Some("alias".into()),
            ..Account::clone(&records.account)
        });
        change.put_user(user("1", "a"));
        change.put_group(Group {
            id: "g-1".into(),
            account: ACCOUNT.into(),
            name: "staff".into(),
            comments: String::new(),
            created_ms: 1,
            updated_ms: 1,
            permissions: Permissions {
                attached: vec![Attachment {
                    kind: PolicyType::System,
                    name: "P".into(),
                    attached_ms: 9,
                }],
                inline: Default::default(),
            },
        });
        change.put_role(Role {
            id: "2".into(),
            account: ACCOUNT.into(),
            name: "Reader".into(),
            description: String::new(),
            trust: "{}".into(),
            max_session_seconds: 3600,
            created_ms: 1,
            updated_ms: 1,
            permissions: Permissions::default(),
        });
        change.put_policy(Policy {
            id: "3".into(),
            account: ACCOUNT.into(),
            name: "own".into(),
            description: String::new(),
            versions: vec![PolicyVersion {
                number: 1,
                text: "{}".into(),
                created_ms: 1,
            }],
            default_version: 1,
            next_version: 2,
            created_ms: 1,
            updated_ms: 1,
        });
        change.put_key(key("AKrestart", Some("1")));
        Ok::<_, ()>(())
    });
    made.await.unwrap();
    store
        .record_last_used(vec![("AKrestart".into(), 77)])
        .await
        .unwrap();
    store.close().await.unwrap();

    let again = open(dir.path());
    again
        .read_account(ACCOUNT, |records| {
            assert_eq!(records.account.alias.as_deref(), Some("alias"));
            assert_eq!(records.account.revision, 2);
            assert_eq!(records.users.by_id("1").unwrap().name, "a");
            assert!(
                records
                    .groups
                    .get("staff")
                    .unwrap()
                    .permissions
                    .has(PolicyType::System, "p")
            );
            assert_eq!(records.roles.get("reader").unwrap().trust, "{}");
            assert_eq!(records.policies.get("own").unwrap().text(), "{}");
            assert_eq!(records.keys_of(Some("1")).len(), 1);
        })
        .unwrap();
    assert_eq!(
        again.access_key("AKrestart").unwrap().secret,
        "secret of AKrestart"
    );
    assert_eq!(again.last_used("AKrestart"), Some(77));
    add_user(&again, "4", "b").await.unwrap();
    again.close().await.unwrap();

    let mut folders = vec![dir.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let secret = b"secret of AKrestart";
            assert!(
                !bytes.windows(secret.len()).any(|part| part == secret),
                "{}",
                path.display()
            );
        }
    }
}
