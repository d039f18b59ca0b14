//! Policy around every tool call and every vendor call, the same on every transport.
//!
//! Server side: a [`Server`] is a set of tools, with resources and prompts made of them; [`Governed`] puts it behind the stages of [`pipeline`] and speaks MCP;
//! [`serve`] offers it on stdio or HTTP. Vendor side: [`vendor`] sends requests to outside systems with tokens,
//! deadlines and retries. [`limits`] bounds both sides. Nothing here knows what a tool does, decides about a customer or speaks SQL.

pub mod access;
pub mod call;
pub mod coalesce;
mod confirmation;
pub mod governance;
pub mod governed;
pub mod limits;
mod offers;
mod ours;
pub mod pipeline;
mod progress;
pub mod serve;
pub mod server;
pub mod tally;
pub mod tool;
pub mod trace;
pub mod vendor;

pub use access::{Holder, Issuer, KeySource, PassCheck, PassMint, Policy, Principal, Reach};
pub use call::Call;
pub use coalesce::singly::{is_worth_asking_singly, singly, singly_where_missing};
pub use coalesce::{Coalescer, Lookup};
pub use confirmation::{Confirmation, Question};
pub use governance::Governance;
pub use governed::{Governed, ToolNames};
pub use limits::Limits;
pub use offers::Document;
pub use ours::Ours;
pub use progress::Progress;
pub use serve::{AtDoor, Door, DoorBook, KeyCheck, Mount, Resource, ServeError, TurnedAway, serve_stdio};
pub use server::Server;
