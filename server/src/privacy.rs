//! The rights of the people on the other side: what is held about one is shown, erased, and kept for a while only.
//!
//! An export opens every sealed value of a person and shows it as JSON or as a page. An erasure destroys the person's key
//! and removes the rows. Retention forgets by the kind of data. Each leaves an audit entry; the latter two go on after a
//! process was killed.

mod document;
mod erasure;
mod export;
mod page;
mod retention;
mod upkeep;

pub(crate) use self::{
    erasure::{erase, finish_erasures},
    export::export,
    page::page,
    retention::{keeps_everything, overdue, periods, run as run_retention},
    upkeep::keep_up,
};
