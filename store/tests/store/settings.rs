//! Settings that are changed while the program runs.

use store::{Error, SettingValue};

use crate::{
    records::{act, sealed},
    support::on_both_engines,
};

on_both_engines! {
    async fn a_setting_is_changed_by_who_has_seen_it_and_that_is_audited(database) {
        let store = &database.store;
        let plain = |text: &str| SettingValue::Plain(text.to_owned());
        assert_eq!(store.setting("hours").await.unwrap(), None);
        let first = store.change_setting("hours", plain("[9,18]"), 0, act()).await.unwrap();
        assert_eq!((first.revision, &first.value), (1, &plain("[9,18]")));
        let refused = store.change_setting("hours", plain("[8,18]"), 0, act()).await.unwrap_err();
        assert!(matches!(refused, Error::Conflict { .. }), "{refused}");
        let second = store.change_setting("hours", plain("[8,18]"), 1, act()).await.unwrap();
        assert_eq!(store.setting("hours").await.unwrap(), Some(second));
        let audited = store.audit_entries_after(0, 10).await.unwrap();
        assert_eq!(audited.iter().map(|entry| entry.object.as_str()).collect::<Vec<_>>(), ["hours", "hours"]);
    }

    async fn a_secret_is_kept_sealed(database) {
        let store = &database.store;
        let secret = SettingValue::Sealed(sealed("token"));
        store.change_setting("wechat.token", secret.clone(), 0, act()).await.unwrap();
        store.change_setting("a", SettingValue::Plain(String::from("1")), 0, act()).await.unwrap();
        let all = store.settings().await.unwrap();
        assert_eq!(all.iter().map(|setting| setting.name.as_str()).collect::<Vec<_>>(), ["a", "wechat.token"]);
        assert_eq!(all[1].value, secret);
    }
}
