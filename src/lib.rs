//! pgtap-cov tells a PostgreSQL team which objects of their schema their pgTAP tests test.
//!
//! The host pushes chunks of SQL into an [`analyzer::Analyzer`]; records gather in an arena of fixed size; full arenas
//! leave as segments that the host keeps; [`database::build::Build`] makes a coverage database of them, and
//! [`database::reader::Reader`] answers queries on it. Everything is sans-IO: no clock, no file, no callback below
//! `wasm`.
//!
//! Floors, each of which uses only those before it:
//! [`error`], [`limits`], [`hash`], [`order`] → [`sql`] → [`pgtap`] → [`scan`] → [`record`] → [`segment`] → [`merge`] → [`catalog`] →
//! [`coverage`] → [`database`] → [`analyzer`], [`listing`] → `wasm`.

pub mod analyzer;
pub mod catalog;
pub mod coverage;
pub mod database;
pub mod error;
pub mod hash;
pub mod limits;
pub mod listing;
pub mod merge;
pub mod order;
pub mod pgtap;
pub mod record;
pub mod scan;
pub mod segment;
pub mod sql;
pub mod text;
#[cfg(target_arch = "wasm32")]
pub mod wasm;
