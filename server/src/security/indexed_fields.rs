//! The fields by whose exact value a person is found. How each is normalised before it is indexed, and before it is looked up,
//! is said here and nowhere else.

use sealing::{Plain, Result, Vault};
use store::BlindIndex;

/// A field that has a blind index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IndexedField {
    /// By what a channel knows a person.
    ExternalId,
    /// A telephone number of a profile.
    Phone,
    /// An e-mail address of a profile.
    Email,
}

impl IndexedField {
    /// Those that stand in a profile.
    pub(crate) const OF_PROFILE: [Self; 2] = [Self::Phone, Self::Email];

    /// The name of the field itself: in a profile, and beside its index in the store.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ExternalId => "external_id",
            Self::Phone => "phone",
            Self::Email => "email",
        }
    }

    /// As it is bound into the index: once written, never changed.
    pub(super) fn index_name(self) -> &'static str {
        match self {
            Self::ExternalId => "channel_identities.identity",
            Self::Phone => "contacts.phone",
            Self::Email => "contacts.email",
        }
    }

    /// The field of a profile that has this name, if it is indexed.
    pub(crate) fn of_profile(name: &str) -> Option<Self> {
        Self::OF_PROFILE.into_iter().find(|field| field.name() == name)
    }

    /// The field whose index has this name bound into it.
    pub(super) fn of_index(name: &str) -> Option<Self> {
        let all = [Self::ExternalId, Self::Phone, Self::Email];
        all.into_iter().find(|field| field.index_name() == name)
    }

    /// The value as it is indexed: whatever people write differently and mean as the same becomes the same. `None` where
    /// nothing is left by which anybody could be found.
    pub(crate) fn normalised(self, value: &Plain) -> Option<Plain> {
        match self {
            Self::ExternalId => Some(value.clone()),
            Self::Phone => digits(value.expose_text()?).map(Plain::from),
            Self::Email => address(value.expose_text()?).map(Plain::from),
        }
    }

    /// Every index under which a value may be stored, the current one first; none for one that cannot be found.
    ///
    /// # Errors
    /// As [`Vault::lookup_indexes`].
    pub(crate) fn indexes(self, vault: &Vault, value: &Plain) -> Result<Vec<BlindIndex>> {
        let Some(value) = self.normalised(value) else { return Ok(Vec::new()) };
        let indexes = vault.lookup_indexes(self.index_name(), &value)?;
        Ok(indexes.iter().map(|index| BlindIndex(index.as_bytes().to_vec())).collect())
    }
}

/// The digits alone, also those of full width. A mainland mobile number (eleven digits that begin with 1) is the same with and
/// without its country code 86, and 00 is the same as + (ITU-T E.164, E.123).
fn digits(text: &str) -> Option<String> {
    const FULL_WIDTH_ZERO: u32 = 0xFF10;
    let digit = |character: char| {
        let wide =
            u32::from(character).checked_sub(FULL_WIDTH_ZERO).and_then(|digit| char::from_digit(digit, 10));
        wide.or(Some(character).filter(char::is_ascii_digit))
    };
    let digits: String = text.chars().filter_map(digit).collect();
    let international = digits.strip_prefix("00").unwrap_or(&digits);
    let national = international.strip_prefix("86").filter(|rest| rest.len() == 11 && rest.starts_with('1'));
    Some(national.unwrap_or(international).to_owned()).filter(|digits| !digits.is_empty())
}

/// In lower case, without spaces around it. RFC 5321 lets a host tell `A` from `a` before the @, but people do not.
fn address(text: &str) -> Option<String> {
    let (local, host) = text.trim().rsplit_once('@')?;
    (!local.is_empty() && !host.is_empty()).then(|| text.trim().to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalised(field: IndexedField, text: &str) -> Option<String> {
        field.normalised(&Plain::from(text)).map(|value| value.expose_text().unwrap().to_owned())
    }

    #[test]
    fn a_telephone_number_is_the_same_however_it_is_written() {
        for written in [
            "13800138000",
            "138 0013 8000",
            "138-0013-8000",
            "+86 138 0013 8000",
            "0086 13800138000",
            "１３８００１３８０００",
        ] {
            assert_eq!(normalised(IndexedField::Phone, written).as_deref(), Some("13800138000"), "{written}");
        }
        for (written, digits) in
            [("(010) 8888-8888", "01088888888"), ("+44 20 7946 0958", "442079460958"), ("12345", "12345")]
        {
            assert_eq!(normalised(IndexedField::Phone, written).as_deref(), Some(digits));
        }
        assert_eq!(normalised(IndexedField::Phone, "电话"), None);
    }

    #[test]
    fn an_address_is_the_same_in_upper_and_lower_case() {
        assert_eq!(
            normalised(IndexedField::Email, " Li.Lei@Example.COM\n").as_deref(),
            Some("li.lei@example.com")
        );
        for wrong in ["li.lei", "@example.com", "li.lei@", ""] {
            assert_eq!(normalised(IndexedField::Email, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_a_channel_calls_a_person_is_looked_up_as_it_is() {
        assert_eq!(normalised(IndexedField::ExternalId, " oA-1 ").as_deref(), Some(" oA-1 "));
    }

    #[test]
    fn a_field_is_found_by_either_of_its_names() {
        for field in IndexedField::OF_PROFILE {
            assert_eq!(IndexedField::of_profile(field.name()), Some(field));
            assert_eq!(IndexedField::of_index(field.index_name()), Some(field));
        }
        assert_eq!((IndexedField::of_profile("name"), IndexedField::of_index("contacts.name")), (None, None));
        assert_eq!(IndexedField::of_profile("external_id"), None);
    }
}
