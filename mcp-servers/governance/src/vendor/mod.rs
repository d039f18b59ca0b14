//! Policy around every call to an outside system: token, retry, attempt deadline, one taxonomy of failures.
//!
//! A connector describes a request ([`VendorRequest`]) and reads the answer; this module sends it. The stages, from
//! outside in: retry ([`retry`], a pure function), token ([`token`]), the vendor's gate ([`crate::limits::gate`]: breaker,
//! vendor-wide rate, concurrency), attempt ([`attempt`]). No redirect is followed, and no URL, header or body reaches a
//! log or an error text.

pub mod attempt;
pub mod cached_token;
pub mod classify;
pub mod client;
pub mod oauth;
pub mod percent;
pub mod reading;
pub mod request;
pub mod retry;
pub mod token;

pub use attempt::http_client;
pub use cached_token::{CachedToken, FetchToken, FreshToken};
pub use classify::{Classify, Failure, by_status_only, type_of_status};
pub use client::{Outbound, ReadAllowance, VendorClient, VendorSettings};
pub use oauth::{ClientCredentials, ClientPlacement, JwtAssertion, JwtUse, SigningAlgorithm, TokenEndpoint};
pub use percent::percent_encode;
pub use reading::read;
pub use request::{Answer, Body, CallEffect, Errand, Patience, VendorRequest};
pub use retry::RetryPolicy;
pub use token::{AuthHeader, NoToken, Renewal, StaticToken, TokenSource, Unsigned};
