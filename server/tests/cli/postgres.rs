//! The same verbs on a PostgreSQL server.

use std::fs;

use store::{ContactId, Location, Store};

use crate::{
    database::new_database,
    people::{SAID, ask, contact, init, json_of, serve},
    sandbox::{Run, Sandbox},
    serving::Serving,
};

fn locate(sandbox: &Sandbox, url: &str) {
    sandbox.file("yingda.toml", format!("[store]\nlocation = \"{url}\"\n"));
}

#[test]
fn people_on_a_server_are_exported_erased_backed_up_and_restored() {
    let (Some((first, _)), Some((second, empty))) = (new_database(), new_database()) else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let sandbox = Sandbox::new();
    locate(&sandbox, &first);
    init(&sandbox);
    let serving = Serving::start(serve(&sandbox));
    for openid in ["openid-1", "openid-2"] {
        ask(&serving, openid, 1, SAID);
    }
    drop(serving);
    let [gone, stays] = ["openid-1", "openid-2"].map(|openid| contact(&sandbox, openid));
    json_of(&sandbox, &["contacts", "erase", &gone, "--confirm", &gone]);
    sandbox.yingda(&["contacts", "export", &gone]).finish().expect(3);
    let export = json_of(&sandbox, &["contacts", "export", &stays]);

    let identities = sealing::backup::Identities::generate();
    sandbox.file("backup.key", identities.to_text().as_bytes());
    let key = identities.recipients().to_string();
    let written = json_of(&sandbox, &["backup", "all.age", "--recipient", key.trim()]);
    let read =
        |arguments: &[&str]| -> Run { sandbox.yingda(&[arguments, &["--identity", "backup.key"]].concat()) };
    read(&["restore", "all.age"]).finish().expect(6).complains_about(&["there are rows already"]);
    read(&["backup", "verify", "all.age"]).finish().expect(0);

    locate(&sandbox, &second);
    let whole = fs::read(sandbox.path("all.age")).unwrap();
    sandbox.file("cut.age", &whole[..whole.len() - 1]);
    read(&["restore", "cut.age"]).finish().expect(3);
    let people = runtime.block_on(async { Store::open(&empty).await.unwrap().contacts_after(None, 1).await });
    assert_eq!(people.unwrap(), []);
    let restored = read(&["restore", "all.age", "-o", "json"]).finish().expect(0).json();
    assert_eq!(restored["restored"], written);
    let again = json_of(&sandbox, &["contacts", "export", &stays]);
    assert_eq!(again["conversations"], export["conversations"]);

    // And what a server held, a file can hold.
    fs::remove_file(sandbox.path("yingda.toml")).unwrap();
    read(&["restore", "all.age"]).finish().expect(0);
    let again = json_of(&sandbox, &["contacts", "export", &stays]);
    assert_eq!(again["conversations"], export["conversations"]);
    let erased = runtime.block_on(async {
        let store = Store::open(&Location::File(sandbox.path("data/yingda.db"))).await.unwrap();
        store.erased_contacts().await.unwrap()
    });
    assert_eq!(erased, [ContactId::from(gone.parse::<uuid::Uuid>().unwrap())]);
}
