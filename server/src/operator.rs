//! Whoever types a command, as the audit log names them.

use store::Act;

use crate::clock;

/// An act of this moment.
pub(crate) fn act(reason: Option<String>) -> Act {
    Act { actor: String::from("command line"), reason, at: clock::timestamp() }
}
