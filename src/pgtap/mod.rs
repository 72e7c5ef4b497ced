//! The catalogue of pgTAP's functions and PostgreSQL's choice among their overloads.

pub mod catalogue;
pub mod resolve;

pub use catalogue::{Class, Overload, Role, Scope, overload, overloads};
pub use resolve::{Choice, Type, choose};
