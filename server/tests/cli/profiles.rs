//! What is known of a person: written, looked up, and found under new keys.

use serde_json::{Value, json};

use crate::{
    database::on_both_engines,
    people::{SAID, ask, contact, init, json_of, serve},
    sandbox::Sandbox,
    serving::Serving,
};

/// Two people whom a channel knows.
fn two_people(sandbox: &Sandbox) -> [String; 2] {
    init(sandbox);
    let serving = Serving::start(serve(sandbox));
    ["openid-1", "openid-2"].iter().for_each(|openid| drop(ask(&serving, openid, 1, SAID)));
    drop(serving);
    ["openid-1", "openid-2"].map(|openid| contact(sandbox, openid))
}

fn set(sandbox: &Sandbox, contact: &str, field: &str, value: &str) -> Value {
    json_of(sandbox, &["contacts", "profile", "set", contact, field, value])
}

/// Whoever is found, one a line.
fn found(sandbox: &Sandbox, option: &str, value: &str) -> Vec<String> {
    let run = sandbox.yingda(&["contacts", "find", option, value]).finish().expect(0);
    run.stdout.lines().map(str::to_owned).collect()
}

fn assert_nobody(sandbox: &Sandbox, option: &str, value: &str) {
    sandbox.yingda(&["contacts", "find", option, value]).finish().expect(3);
}

on_both_engines! {
    fn a_person_is_found_by_telephone_and_mail_before_and_after_every_key_was_replaced(sandbox) {
        let [first, second] = two_people(sandbox);
        set(sandbox, &first, "phone", "138 0013 8000");
        set(sandbox, &first, "email", "Li.Lei@example.com");
        set(sandbox, &first, "name", "李雷");
        set(sandbox, &second, "phone", "139-1234-5678");
        for kind in ["index", "data", "index", "data"] {
            assert_eq!(found(sandbox, "--phone", "+86 13800138000"), [first.as_str()]);
            assert_eq!(found(sandbox, "--phone", "13912345678"), [second.as_str()]);
            assert_eq!(found(sandbox, "--email", "li.lei@EXAMPLE.com"), [first.as_str()]);
            assert_eq!(contact(sandbox, "openid-1"), first);
            let rotated = json_of(sandbox, &["keys", "rotate", kind]);
            assert_eq!((&rotated["unreadable"], &rotated["resumed"]), (&json!([]), &json!(false)), "{rotated}");
            let (keys, moved) = if kind == "index" { (1, 2 + 3) } else { (3, 2 * (1 + 1 + 2)) };
            assert_eq!((&rotated["keys"], &rotated["moved"]), (&json!(keys), &json!(moved)), "{kind}: {rotated}");
            let status = json_of(sandbox, &["keys", "status"]);
            let retiring = status["keys"].as_array().unwrap().iter().map(|row| row["retiring"].as_u64().unwrap());
            assert_eq!(retiring.sum::<u64>(), 0, "{status}");
        }
        let exported = json_of(sandbox, &["contacts", "export", &first]);
        let fields = json!({ "name": "李雷", "phone": "138 0013 8000", "email": "Li.Lei@example.com" });
        assert_eq!(exported["contact"]["profile"], json!({ "json": fields }));
        assert_eq!(exported["contact"]["found_by"], json!(["email", "phone"]));
    }

    fn a_field_is_replaced_and_forgotten_and_so_is_what_it_was_found_by(sandbox) {
        let [first, second] = two_people(sandbox);
        let typed = ["contacts", "profile", "set", &first, "phone", "-"];
        sandbox.yingda(&typed).stdin("13800138000\n").finish().expect(0);
        set(sandbox, &second, "phone", "13800138000");
        let mut both = [first.clone(), second.clone()];
        both.sort();
        assert_eq!(found(sandbox, "--phone", "13800138000"), both, "two people with one number");
        assert_eq!(set(sandbox, &first, "phone", "13800138000")["changed"], json!(false));
        set(sandbox, &first, "phone", "13912345678");
        set(sandbox, &first, "favourite colour", "blue");
        assert_eq!(found(sandbox, "--phone", "13800138000"), [second.as_str()]);
        for field in ["phone", "favourite colour"] {
            json_of(sandbox, &["contacts", "profile", "remove", &first, field]);
        }
        assert_nobody(sandbox, "--phone", "13912345678");
        let exported = json_of(sandbox, &["contacts", "export", &first]);
        assert_eq!((&exported["contact"]["profile"], &exported["contact"]["found_by"]), (&Value::Null, &json!([])));
        let acts = exported["audit"].as_array().unwrap().iter();
        let changes: Vec<&Value> = acts.filter(|act| act["action"] == "profile.change").map(|act| &act["detail"]).collect();
        let said = |field: &str| json!({ "fields": [field] });
        let (phone, attribute) = (said("phone"), said("attribute"));
        assert_eq!(changes, [&phone, &phone, &attribute, &phone, &attribute]);
        assert!(!exported["audit"].to_string().contains("13800138000"), "the log says which field, not what it holds");
    }
}

#[test]
fn what_nobody_could_be_found_by_is_refused_and_an_erased_person_is_not_found() {
    let sandbox = Sandbox::new();
    let [first, _] = two_people(&sandbox);
    for (field, value) in [("phone", "none"), ("email", "none"), ("name", "-")] {
        sandbox.yingda(&["contacts", "profile", "set", &first, field, value]).finish().expect(2);
    }
    let nobody = "018f0000-0000-7000-8000-000000000009";
    sandbox.yingda(&["contacts", "profile", "set", nobody, "name", "李雷"]).finish().expect(3);
    sandbox.yingda(&["contacts", "find", "--phone", "1", "--email", "a@b"]).finish().expect(2);
    assert_nobody(&sandbox, "--phone", "no digits");
    set(&sandbox, &first, "phone", "13800138000");
    json_of(&sandbox, &["contacts", "erase", &first, "--confirm", &first]);
    assert_nobody(&sandbox, "--phone", "13800138000");
    sandbox.yingda(&["contacts", "profile", "set", &first, "name", "李雷"]).finish().expect(3);
}
