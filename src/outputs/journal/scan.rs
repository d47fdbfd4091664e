//! Every line of a kind in a stretch of time, from closed, packed and active files, in bounded memory.
//!
//! What is plainly outside the stretch is not read: packed members by their heads, plain files by halving.

use super::known::Known;
use super::line;
use super::series::{Closed, Series};
use super::{packed, plain};
use crate::model::Zone;
use crate::outputs::safe_file::Folder;
use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;

/// A stretch of time in seconds since 1970, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) from: i64,
    pub(super) to: i64,
}

impl Stretch {
    pub(super) const ALWAYS: Self = Self { from: i64::MIN, to: i64::MAX };

    pub(super) const fn touches(self, from: i64, to: i64) -> bool {
        from <= self.to && to >= self.from
    }

    /// Tells that a file whose first line follows `from` and whose last is at `to` holds nothing of it. Both must
    /// be a day after it: after a jump of the clock one of them says little.
    const fn is_before(self, from: DateTime<Utc>, to: DateTime<Utc>) -> bool {
        let end = self.to.saturating_add(86_400);
        from.timestamp() > end && to.timestamp() > end
    }
}

/// One line as it was found; `None` when it is too long to be one.
pub(super) type Found<'a> = Option<&'a [u8]>;

/// The files of one kind, as they stand when reading begins.
pub(super) struct Files<'a> {
    folder: &'a Folder,
    series: &'static Series,
    /// Opened before the others are listed, so that a file that is closed meanwhile is not missed.
    active: Option<File>,
    closed: Vec<Closed>,
    known: Arc<Known>,
}

impl<'a> Files<'a> {
    pub(super) fn open(folder: &'a Folder, series: &'static Series) -> Result<Self> {
        Self::open_with(folder, series, Arc::default())
    }

    /// The same with what is known of the packed ones.
    pub(super) fn open_with(folder: &'a Folder, series: &'static Series, known: Arc<Known>) -> Result<Self> {
        let active = folder.read(series.active)?;
        let mut closed = series.closed(folder)?;
        if let Some(active) = &active {
            closed.retain(|one| !folder.leads_to(&one.name, active));
        }
        Ok(Self { folder, series, active, closed, known })
    }

    /// Leaves out what was imported.
    pub(super) fn ours(mut self) -> Self {
        self.closed.retain(|one| one.to.is_some());
        self
    }

    /// Gives every line that may be in the stretch, in the order of writing; lines outside it come as well.
    pub(super) fn forward(
        &self,
        stretch: Stretch,
        zone: Zone,
        take: &mut dyn FnMut(Found<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        let mut before = None;
        for one in &self.closed {
            let after = before.zip(one.to).is_some_and(|(from, to)| stretch.is_before(from, to));
            before = one.to.or(before);
            if after || one.to.is_some_and(|to| to.timestamp() < stretch.from) {
                continue;
            }
            let Some((file, packed)) = self.open_closed(one)? else { continue };
            let say = || format!("cannot read {}", self.folder.path_of(&one.name).display());
            let flow = if packed {
                packed::forward(&file, &*self.known.hops(&file).with_context(say)?, stretch, take)
            } else {
                plain::forward(&file, stretch, zone, take).with_context(say)?
            };
            if flow.is_break() {
                return Ok(());
            }
        }
        let Some(file) = &self.active else { return Ok(()) };
        let say = || format!("cannot read {}", self.folder.path_of(self.series.active).display());
        // Whether it was broken off makes no difference here: nothing follows.
        let _flow = if self.series.packed {
            packed::forward(file, &*self.known.hops(file).with_context(say)?, stretch, take)
        } else {
            plain::forward(file, stretch, zone, take).with_context(say)?
        };
        Ok(())
    }

    /// Gives every line from the newest back. Imported lines are the oldest.
    pub(super) fn back(&self, take: &mut dyn FnMut(Found<'_>) -> ControlFlow<()>) -> Result<()> {
        if let Some(file) = &self.active {
            let say = || format!("cannot read {}", self.folder.path_of(self.series.active).display());
            if self.back_through(file, self.series.packed, take).with_context(say)?.is_break() {
                return Ok(());
            }
        }
        for one in self.closed.iter().rev() {
            let Some((file, packed)) = self.open_closed(one)? else { continue };
            let say = || format!("cannot read {}", self.folder.path_of(&one.name).display());
            if self.back_through(&file, packed, take).with_context(say)?.is_break() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The times that each imported file spans, in seconds.
    pub(super) fn imported(&self) -> Result<Vec<(i64, i64)>> {
        let mut spans = Vec::new();
        for one in self.closed.iter().filter(|one| one.to.is_none()) {
            let Some((file, _)) = self.open_closed(one)? else { continue };
            let hops = self.known.hops(&file)?;
            let span = hops
                .heads
                .iter()
                .filter(|head| head.from != i64::MIN)
                .map(|head| (head.from, head.to))
                .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
            spans.extend(span);
        }
        Ok(spans)
    }

    /// The first and the last time that we wrote ourselves.
    pub(super) fn own(&self, zone: Zone) -> Result<Option<(DateTime<Utc>, DateTime<Utc>)>> {
        let own = Files {
            folder: self.folder,
            series: self.series,
            active: self.active.as_ref().map(File::try_clone).transpose()?,
            closed: self.closed.clone(),
            known: Arc::clone(&self.known),
        }
        .ours();
        let mut first = None;
        own.forward(Stretch::ALWAYS, zone, &mut |found| {
            first = found.and_then(|bytes| line::time_of(bytes, zone));
            if first.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        let mut last = None;
        own.back(&mut |found| {
            last = found.and_then(|bytes| line::time_of(bytes, zone));
            if last.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(first.zip(last))
    }

    /// Every file with its name and whether it is packed, in the order of writing.
    pub(super) fn each(&self) -> Result<Vec<(String, File, bool)>> {
        let mut files = Vec::new();
        for one in &self.closed {
            if let Some((file, packed)) = self.open_closed(one)? {
                files.push((one.name.clone(), file, packed));
            }
        }
        if let Some(file) = &self.active {
            files.push((self.series.active.to_owned(), file.try_clone()?, self.series.packed));
        }
        Ok(files)
    }

    fn back_through(
        &self,
        file: &File,
        packed: bool,
        take: &mut dyn FnMut(Found<'_>) -> ControlFlow<()>,
    ) -> io::Result<ControlFlow<()>> {
        if packed { Ok(packed::back(file, &*self.known.hops(file)?, take)) } else { plain::back(file, take) }
    }

    fn open_closed(&self, one: &Closed) -> Result<Option<(File, bool)>> {
        if let Some(file) = self.folder.read(&one.name)? {
            return Ok(Some((file, one.packed)));
        }
        // It was packed since it was listed.
        let packed = format!("{}.gz", one.name);
        Ok(self.folder.read(&packed)?.map(|file| (file, true)))
    }
}
