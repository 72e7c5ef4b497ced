//! The catalogue of pgTAP's functions and PostgreSQL's choice among their overloads.

pub mod catalogue;
pub mod resolve;
pub mod types;

pub use catalogue::{Class, Overload, Role, Scope, nearest, overload, overloads};
pub use resolve::{Choice, Given, choose, parameters};
pub use types::Type;
