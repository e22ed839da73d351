//! Settings that are changed while the program runs. What the operator's file says is not among them.

use futures::FutureExt;

use crate::{
    Act, Error, Result, Sealed, Store, Timestamp, audit,
    engine::{Fields, Row, Transaction, values},
};

/// What a setting holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingValue {
    /// JSON that anybody who may read the database may read.
    Plain(String),
    /// A secret.
    Sealed(Sealed),
}

/// A setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub value: SettingValue,
    /// Counts changes, from 1.
    pub revision: i64,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Store {
    /// One setting; `None` when it was never set.
    ///
    /// # Errors
    /// When the engine fails or the row is corrupt.
    pub async fn setting(&self, name: &str) -> Result<Option<Setting>> {
        let name = name.to_owned();
        self.read(move |transaction| async move { read(transaction, &name).await }.boxed()).await
    }

    /// All settings, sorted by name.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn settings(&self) -> Result<Vec<Setting>> {
        let sql = "SELECT name, plain, sealed, revision, updated_at FROM settings ORDER BY name";
        self.read(move |transaction| {
            async move { transaction.rows(sql, &[]).await?.into_iter().map(setting).collect() }.boxed()
        })
        .await
    }

    /// Changes a setting whose revision is `revision`, 0 for one that was never set. The audit log says that it was
    /// changed, not to what.
    ///
    /// # Errors
    /// [`Error::Conflict`] when somebody else has changed it since; when the engine fails.
    pub async fn change_setting(
        &self,
        name: &str,
        value: SettingValue,
        revision: i64,
        act: Act,
    ) -> Result<Setting> {
        let name = name.to_owned();
        self.write(move |transaction| {
            async move {
                let found = read(transaction, &name).await?.map_or(0, |setting| setting.revision);
                if found != revision {
                    return Err(Error::conflict(format!("the setting has revision {found}")));
                }
                let (plain, sealed) = match value {
                    SettingValue::Plain(text) => (Some(text), None),
                    SettingValue::Sealed(sealed) => (None, Some(sealed)),
                };
                let sql = "INSERT INTO settings (name, plain, sealed, revision, updated_at) \
                           VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO UPDATE SET plain = excluded.plain, \
                           sealed = excluded.sealed, revision = excluded.revision, updated_at = excluded.updated_at";
                transaction.execute(sql, values![name.as_str(), plain, sealed, revision + 1, act.at]).await?;
                audit::append(transaction, &act, "setting.change", &name, None).await?;
                read(transaction, &name).await?.ok_or_else(|| Error::not_found("settings", name))
            }
            .boxed()
        })
        .await
    }
}

async fn read(transaction: &mut Transaction<'_>, name: &str) -> Result<Option<Setting>> {
    let sql = "SELECT name, plain, sealed, revision, updated_at FROM settings WHERE name = $1";
    transaction.row(sql, values![name]).await?.map(setting).transpose()
}

fn setting(row: Row) -> Result<Setting> {
    let mut fields = row.fields("settings");
    Ok(Setting {
        name: fields.next()?,
        value: value(&mut fields)?,
        revision: fields.next()?,
        updated_at: fields.next()?,
    })
}

fn value(fields: &mut Fields) -> Result<SettingValue> {
    let plain: Option<String> = fields.next()?;
    fields.next_as(|sealed: Option<Sealed>| match (plain, sealed) {
        (Some(text), None) => Some(SettingValue::Plain(text)),
        (None, Some(sealed)) => Some(SettingValue::Sealed(sealed)),
        (None, None) | (Some(_), Some(_)) => None,
    })
}
