//! Segments and a manifest to a database, sans-IO: merge, fold, write.

use super::Summary;
use super::writer::{DatabaseWriter, WriteStep};
use crate::coverage::Fold;
use crate::coverage::pile::{Run, RunRange};
use crate::error::{Code, Error};
use crate::merge::{ManifestEntry, Merge, Request};

/// What the host has to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildStep {
    /// Supply these bytes of a segment.
    Read(Request),
    /// Keep these bytes in the scratch store until the database is complete, under the number of the run.
    Keep(Run),
    /// Supply these bytes of a run that was kept.
    ReadRun(RunRange),
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
    Closing(Box<(Merge, Fold)>),
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

    /// Holds at most so many pieces of evidence at once, twice 24 bytes each; what is more is kept in runs by the host.
    /// Without this, all is held.
    #[must_use]
    pub fn holding(mut self, evidence: usize) -> Self {
        if let Stage::Merging(parts) = &mut self.stage {
            parts.1.hold(Some(evidence));
        }
        self
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
        if let Stage::Merging(parts) | Stage::Closing(parts) = &mut self.stage
            && let Some(run) = parts.1.take_run()
        {
            return Ok(BuildStep::Keep(run));
        }
        if let Stage::Merging(parts) = &mut self.stage {
            let (merge, fold) = parts.as_mut();
            match merge.next_request(fold) {
                Ok(Some(request)) => return Ok(BuildStep::Read(request)),
                Ok(None) => {
                    fold.close();
                    if let Stage::Merging(parts) = std::mem::replace(&mut self.stage, Stage::Failed) {
                        self.stage = Stage::Closing(parts);
                    }
                    return self.next_step();
                }
                Err(error) => return Err(self.fail(error)),
            }
        }
        if let Stage::Closing(_) = &self.stage
            && let Stage::Closing(parts) = std::mem::replace(&mut self.stage, Stage::Failed)
        {
            let (merge, fold) = *parts;
            self.stage = Stage::Writing(Box::new(DatabaseWriter::new(fold.finish(), merge.into_sources())));
        }
        let Stage::Writing(writer) = &mut self.stage else {
            return Err(Error::new(Code::State, "the merge has failed; start another one"));
        };
        Ok(match writer.next_step() {
            WriteStep::Read(range) => BuildStep::ReadRun(range),
            WriteStep::Chunk(bytes) => BuildStep::Write(bytes),
            WriteStep::Done => BuildStep::Done,
        })
    }

    /// Takes the bytes of the last [`BuildStep::Read`] or [`BuildStep::ReadRun`].
    ///
    /// # Errors
    /// As `next_step`; `STATE` where nothing was asked for.
    pub fn supply(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let supplied = match &mut self.stage {
            Stage::Merging(parts) => parts.0.supply(bytes, &mut parts.1),
            Stage::Writing(writer) => writer.supply(bytes),
            Stage::Closing(_) | Stage::Failed => Err(Error::new(Code::State, "no bytes were asked for")),
        };
        supplied.map_err(|error| self.fail(error))
    }

    /// The figures, once the merge is over.
    pub fn summary(&self) -> Option<&Summary> {
        match &self.stage {
            Stage::Writing(writer) => writer.summary(),
            _ => None,
        }
    }

    fn fail(&mut self, error: Error) -> Error {
        self.stage = Stage::Failed;
        error
    }
}
