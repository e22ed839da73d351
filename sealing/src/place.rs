//! Where a sealed value belongs, bound into its tag so that it opens nowhere else.

use std::fmt;

use crate::ContactId;

/// Whose key seals a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A person: the value is erased with the person's key.
    Contact(ContactId),
    /// The business itself: secrets of channels and accounts.
    System,
}

/// One cell of storage. All of it is bound into the sealed value: what was sealed for one place opens at no other.
///
/// A place is printed in errors, so no part of it may be personal: ids are storage's own, never a phone number or an
/// id of a platform.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// Whose key seals it.
    pub owner: Owner,
    /// The table's name.
    pub table: &'static str,
    /// The column's name.
    pub column: &'static str,
    /// The row's id within the table.
    pub row: String,
    /// The conversation's id, for values that belong to one.
    pub conversation: Option<String>,
}

impl Place {
    /// A cell of a contact's data, outside any conversation.
    #[must_use]
    pub fn of_contact(
        contact: ContactId,
        table: &'static str,
        column: &'static str,
        row: impl Into<String>,
    ) -> Self {
        Self { owner: Owner::Contact(contact), table, column, row: row.into(), conversation: None }
    }

    /// A cell of the system's own secrets.
    #[must_use]
    pub fn of_system(table: &'static str, column: &'static str, row: impl Into<String>) -> Self {
        Self { owner: Owner::System, table, column, row: row.into(), conversation: None }
    }

    /// The same cell, belonging to a conversation.
    #[must_use]
    pub fn in_conversation(self, conversation: impl Into<String>) -> Self {
        Self { conversation: Some(conversation.into()), ..self }
    }

    pub(crate) fn binding(&self) -> Binding<'_> {
        let owner = match &self.owner {
            Owner::Contact(contact) => Some(contact.as_str().as_bytes()),
            Owner::System => None,
        };
        let conversation = self.conversation.as_deref().map(str::as_bytes);
        Binding {
            domain: "yingda value 1",
            parts: [
                owner,
                Some(self.table.as_bytes()),
                Some(self.column.as_bytes()),
                Some(self.row.as_bytes()),
                conversation,
            ],
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}, row {}", self.table, self.column, self.row)?;
        if let Some(conversation) = &self.conversation {
            write!(formatter, ", conversation {conversation}")?;
        }
        match &self.owner {
            Owner::Contact(contact) => write!(formatter, ", contact {contact}"),
            Owner::System => Ok(()),
        }
    }
}

/// What a sealed value is bound to, besides its own header. The domain names the kind of value and the version of the
/// form, so that a value of one kind never opens as one of another.
pub(crate) struct Binding<'a> {
    pub(crate) domain: &'static str,
    pub(crate) parts: [Option<&'a [u8]>; 5],
}

impl Binding<'_> {
    /// The associated data for the envelope that starts with `header`: domain, header and parts in order, an absent
    /// part as one zero byte, any other as a one, its length (eight bytes, most significant first) and its bytes.
    pub(crate) fn associated_data(&self, header: &[u8]) -> Vec<u8> {
        let mut data = Vec::with_capacity(160);
        for part in [Some(self.domain.as_bytes()), Some(header)].into_iter().chain(self.parts) {
            push(&mut data, part);
        }
        data
    }
}

fn push(data: &mut Vec<u8>, part: Option<&[u8]>) {
    let Some(bytes) = part else {
        data.push(0);
        return;
    };
    data.push(1);
    data.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
    data.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_place() -> impl Strategy<Value = Place> {
        // Few letters and short words: neighbours that a careless encoding would confuse are drawn often.
        let word = || "[ab]{0,3}";
        let name = || prop::sample::select(vec!["", "a", "ab", "aba", "b"]);
        let owner = prop_oneof![
            Just(Owner::System),
            "[ab]{1,3}".prop_map(|id| Owner::Contact(ContactId::new(id).unwrap()))
        ];
        (owner, name(), name(), word(), prop::option::of(word())).prop_map(
            |(owner, table, column, row, conversation)| Place { owner, table, column, row, conversation },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

        #[test]
        fn two_places_are_bound_alike_only_if_they_are_the_same(left in any_place(), right in any_place()) {
            let alike = left.binding().associated_data(b"header") == right.binding().associated_data(b"header");
            prop_assert_eq!(alike, left == right);
        }
    }

    #[test]
    fn the_form_is_written_down() {
        let place = Place::of_system("t", "c", "7");
        let mut expected = vec![1, 0, 0, 0, 0, 0, 0, 0, 14];
        expected.extend_from_slice(b"yingda value 1");
        expected.extend_from_slice(&[1, 0, 0, 0, 0, 0, 0, 0, 2]);
        expected.extend_from_slice(b"hd\0");
        for part in [b"t", b"c", b"7"] {
            expected.extend_from_slice(&[1, 0, 0, 0, 0, 0, 0, 0, 1]);
            expected.extend_from_slice(part);
        }
        expected.push(0);
        assert_eq!(place.binding().associated_data(b"hd"), expected);
    }

    #[test]
    fn a_place_reads_as_a_sentence() {
        let contact = ContactId::new("c-7").unwrap();
        let place = Place::of_contact(contact, "messages", "body", "42").in_conversation("9");
        assert_eq!(place.to_string(), "messages.body, row 42, conversation 9, contact c-7");
        assert_eq!(Place::of_system("channels", "secret", "1").to_string(), "channels.secret, row 1");
    }
}
