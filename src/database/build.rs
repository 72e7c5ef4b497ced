//! Segments and a manifest to a database, sans-IO: merge, fold, write.

use super::Summary;
use super::writer::DatabaseWriter;
use crate::coverage::Fold;
use crate::error::{Code, Error};
use crate::merge::{ManifestEntry, Merge, Request};

/// What the host has to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildStep {
    /// Supply these bytes of a segment.
    Read(Request),
    /// Append these bytes to the database.
    Write(Vec<u8>),
    /// The database is complete.
    Done,
}

/// The machine.
#[derive(Debug)]
pub struct Build {
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Merging(Box<(Merge, Fold)>),
    Writing(Box<DatabaseWriter>),
    Failed,
}

impl Build {
    /// A database of what `manifest` lists.
    ///
    /// # Errors
    /// `CONFIG`, see [`Merge::new`].
    pub fn new(manifest: Vec<ManifestEntry>) -> Result<Self, Error> {
        Build::with(manifest, Fold::new())
    }

    /// A database of all objects, those that do not count too: partitions, and schemas of tests.
    ///
    /// # Errors
    /// `CONFIG`, see [`Merge::new`].
    pub fn inventory(manifest: Vec<ManifestEntry>) -> Result<Self, Error> {
        Build::with(manifest, Fold::of_everything())
    }

    fn with(manifest: Vec<ManifestEntry>, fold: Fold) -> Result<Self, Error> {
        let merge = Merge::new(manifest)?;
        Ok(Build { stage: Stage::Merging(Box::new((merge, fold))) })
    }

    /// Adds a segment, see [`Merge::add_segment`].
    ///
    /// # Errors
    /// `STATE`, `CORRUPT`
    pub fn add_segment(&mut self, id: &str, length: u64) -> Result<usize, Error> {
        match &mut self.stage {
            Stage::Merging(parts) => parts.0.add_segment(id, length),
            _ => Err(Error::new(Code::State, "segments are added before the merge starts")),
        }
    }

    /// What comes next.
    ///
    /// # Errors
    /// `CORRUPT`, `VERSION`, `INCOMPLETE`; after one of them the machine is of no more use.
    pub fn next_step(&mut self) -> Result<BuildStep, Error> {
        if let Stage::Merging(parts) = &mut self.stage {
            let (merge, fold) = parts.as_mut();
            match merge.next_request(fold) {
                Ok(Some(request)) => return Ok(BuildStep::Read(request)),
                Ok(None) => self.turn_to_writing(),
                Err(error) => return Err(self.fail(error)),
            }
        }
        match &mut self.stage {
            Stage::Writing(writer) => Ok(writer.next_chunk().map_or(BuildStep::Done, BuildStep::Write)),
            _ => Err(Error::new(Code::State, "the merge has failed; start another one")),
        }
    }

    /// Takes the bytes of the last [`BuildStep::Read`].
    ///
    /// # Errors
    /// As `next_step`; `STATE` where nothing was asked for.
    pub fn supply(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let Stage::Merging(parts) = &mut self.stage else {
            return Err(Error::new(Code::State, "no bytes were asked for"));
        };
        let (merge, fold) = parts.as_mut();
        merge.supply(bytes, fold).map_err(|error| self.fail(error))
    }

    /// The figures, once the merge is over.
    pub fn summary(&self) -> Option<&Summary> {
        match &self.stage {
            Stage::Writing(writer) => Some(writer.summary()),
            _ => None,
        }
    }

    fn fail(&mut self, error: Error) -> Error {
        self.stage = Stage::Failed;
        error
    }

    fn turn_to_writing(&mut self) {
        if let Stage::Merging(parts) = std::mem::replace(&mut self.stage, Stage::Failed) {
            let (merge, fold) = *parts;
            self.stage = Stage::Writing(Box::new(DatabaseWriter::new(fold.finish(), merge.into_sources())));
        }
    }
}
