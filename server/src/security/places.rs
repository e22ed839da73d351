//! Where each sealed value stands, as it is bound into the value: once written, never changed.

use sealing::{Place, StorageError};
use store::{Cell, ContactId, ConversationId, MessageId};

use super::stored_keys::sealing_contact;

/// A message's body.
///
/// # Errors
/// None for an identifier of the store.
pub(crate) fn body(
    contact: ContactId,
    conversation: ConversationId,
    message: MessageId,
) -> sealing::Result<Place> {
    let place = Place::of_contact(sealing_contact(contact)?, "messages", "body", message.to_string());
    Ok(place.in_conversation(conversation.to_string()))
}

/// By what a channel knows a person. The index in the row's key is not part of the place: it changes with its key.
///
/// # Errors
/// None for an identifier of the store.
pub(crate) fn external_id(contact: ContactId, channel: &str) -> sealing::Result<Place> {
    let row = format!("{contact}/{channel}");
    Ok(Place::of_contact(sealing_contact(contact)?, "channel_identities", "external_id", row))
}

/// The place of whatever the store lists.
///
/// # Errors
/// None for an identifier of the store.
pub(crate) fn of_cell(cell: &Cell) -> Result<Place, StorageError> {
    Ok(match cell {
        Cell::Profile(contact) => {
            Place::of_contact(sealing_contact(*contact)?, "contacts", "profile", contact.to_string())
        }
        Cell::ExternalId { channel, contact, .. } => external_id(*contact, channel)?,
        Cell::Summary { conversation, contact } => {
            let row = conversation.to_string();
            let place = Place::of_contact(sealing_contact(*contact)?, "conversations", "summary", &*row);
            place.in_conversation(row)
        }
        Cell::Body { message, conversation, contact } => body(*contact, *conversation, *message)?,
        Cell::Setting(name) => Place::of_system("settings", "sealed", name.as_str()),
    })
}
