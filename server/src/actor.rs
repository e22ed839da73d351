//! Who acts, as the audit log names them.

use store::Act;

use crate::clock;

/// Who does something that the audit log records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Actor {
    /// Whoever types a command.
    Operator,
    /// A serving process, by itself.
    Service,
}

impl Actor {
    fn name(self) -> &'static str {
        match self {
            Self::Operator => "command line",
            Self::Service => "service",
        }
    }

    /// An act of this moment.
    pub(crate) fn act(self, reason: Option<String>) -> Act {
        Act { actor: self.name().to_owned(), reason, at: clock::timestamp() }
    }
}
