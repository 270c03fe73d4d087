//! The agent's own files on a simulated disk: in memory, with every way a disk can fail.
//!
//! Every byte that is appended counts as one point, and so does every flush and every rename. A
//! death can be set at any point: the agent is killed there, or the power goes, and then what was
//! not flushed is there in part or not at all. Of a file that replaces another nobody sees a byte
//! before the rename, so that all deaths on the way there are the same: of a long one only the first
//! `WRITING` bytes count.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domfleet_agent::storage::{Entry, Files, Space};

use super::boot::Happening;
use super::dice::Dice;
use super::host::Host;

/// All files, by name.
pub type Content = BTreeMap<String, Vec<u8>>;

/// A simulated disk for the agent's files. Clones are the same disk.
#[derive(Clone, Debug)]
pub struct SimFiles(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    content: Content,
    size: u64,
    points: u64,
    death: Option<(u64, Death)>,
    machine: Option<Arc<Host>>,
    slow: Option<Duration>,
    dice: Dice,
}

/// How the agent dies at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// Its process is killed: what is written stays written.
    Killed,
    /// The power goes: what is not flushed may be lost.
    PowerCut,
}

/// The room there is where nobody has said otherwise.
const ROOM: u64 = 2 * 1024 * 1024 * 1024;

/// The bytes at which a death may come while a file is written that replaces another.
const WRITING: usize = 256;

/// What came of a write.
enum Written {
    Whole,
    /// So much of it, and then the end.
    Death(Death),
    Full,
}

impl SimFiles {
    /// An empty disk.
    pub fn new(dice: Dice) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            content: Content::new(),
            size: ROOM,
            points: 0,
            death: None,
            machine: None,
            slow: None,
            dice,
        })))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whom to tell when a death strikes.
    pub fn tell(&self, machine: Arc<Host>) {
        self.inner().machine = Some(machine);
    }

    /// Points passed so far.
    pub fn points(&self) -> u64 {
        self.inner().points
    }

    /// The agent dies at that point, counted from now; once.
    pub fn die_after(&self, points: u64, death: Death) {
        let mut inner = self.inner();
        inner.death = Some((inner.points + points, death));
    }

    /// Takes back a death that has not struck.
    pub fn live_on(&self) {
        self.inner().death = None;
    }

    /// Whether the death that was set has struck, or none was set.
    pub fn death_has_struck(&self) -> bool {
        self.inner().death.is_none()
    }

    /// Makes the disk so large; what is on it stays. 0 is a full disk.
    pub fn set_size(&self, bytes: u64) {
        self.inner().size = bytes;
    }

    /// A roomy disk again.
    pub fn make_room(&self) {
        self.set_size(ROOM);
    }

    /// Every write takes so long.
    pub fn set_slow(&self, slow: Option<Duration>) {
        self.inner().slow = slow;
    }

    /// A copy of everything, as a backup or a clone of the disk has it.
    pub fn content(&self) -> Content {
        self.inner().content.clone()
    }

    /// Puts a copy back.
    pub fn restore(&self, content: Content) {
        self.inner().content = content;
    }

    async fn wait(&self) {
        let slow = self.inner().slow;
        if let Some(slow) = slow {
            tokio::time::sleep(slow).await;
        }
    }

    /// The process or the machine is gone; nothing returns.
    async fn end<T>(&self, death: Death) -> io::Result<T> {
        let happening = match death {
            Death::Killed => Happening::AgentKilled,
            Death::PowerCut => Happening::PowerCut,
        };
        let machine = self.inner().machine.clone();
        if let Some(machine) = machine {
            machine.agent_died();
            machine.happen(happening);
        }
        std::future::pending().await
    }
}

impl Inner {
    /// Passes `points`, unless death comes before: then how many were passed.
    fn pass(&mut self, points: u64) -> Result<(), (u64, Death)> {
        if let Some((at, death)) = self.death {
            let left = at.saturating_sub(self.points);
            if left < points {
                self.points += left;
                self.death = None;
                return Err((left, death));
            }
        }
        self.points += points;
        Ok(())
    }

    /// What is left of `written` bytes that were not flushed.
    fn left(&mut self, written: u64, death: Death) -> usize {
        let left = match death {
            Death::Killed => written,
            Death::PowerCut => self.dice.between(0, written),
        };
        usize::try_from(left).unwrap_or(usize::MAX)
    }

    fn used(&self) -> u64 {
        self.content.values().map(|bytes| bytes.len() as u64).sum()
    }

    fn append(&mut self, name: &str, at: usize, bytes: &[u8]) -> io::Result<Written> {
        let file = self.content.entry(name.to_owned()).or_default();
        if file.len() < at {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "shorter than it was"));
        }
        file.truncate(at);
        let room = usize::try_from(self.size.saturating_sub(self.used())).unwrap_or(usize::MAX);
        let fitting = &bytes[..bytes.len().min(room)];
        let outcome = self.pass(fitting.len() as u64);
        let (kept, written) = match outcome {
            Ok(()) if fitting.len() < bytes.len() => (fitting.len(), Written::Full),
            Ok(()) => match self.pass(1) {
                Ok(()) => (fitting.len(), Written::Whole),
                Err((_, death)) => (self.left(fitting.len() as u64, death), Written::Death(death)),
            },
            Err((passed, death)) => (self.left(passed, death), Written::Death(death)),
        };
        if let Some(file) = self.content.get_mut(name) {
            file.extend_from_slice(&fitting[..kept]);
        }
        Ok(written)
    }

    fn replace(&mut self, name: &str, bytes: Vec<u8>) -> Written {
        // The old file is there until the new one is whole.
        if self.used() + bytes.len() as u64 > self.size {
            return Written::Full;
        }
        // The bytes and their flush: until then there is only the old content.
        if let Err((_, death)) = self.pass(bytes.len().min(WRITING) as u64 + 1) {
            return Written::Death(death);
        }
        // The rename, which is not durable before the folder is flushed.
        match self.pass(1) {
            Ok(()) => {
                self.content.insert(name.to_owned(), bytes);
                Written::Whole
            }
            Err((_, death)) => {
                if death == Death::Killed || self.dice.percent(50) {
                    self.content.insert(name.to_owned(), bytes);
                }
                Written::Death(death)
            }
        }
    }
}

impl Files for SimFiles {
    async fn read(&self, name: &str, limit: usize) -> io::Result<Option<Vec<u8>>> {
        let found = self.inner().content.get(name).cloned();
        match found {
            Some(bytes) if bytes.len() > limit => {
                Err(io::Error::new(io::ErrorKind::FileTooLarge, "longer than it can be"))
            }
            found => Ok(found),
        }
    }

    async fn read_at(&self, name: &str, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let inner = self.inner();
        let bytes = inner.content.get(name).ok_or(io::ErrorKind::NotFound)?;
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let to = from.saturating_add(length).min(bytes.len());
        Ok(bytes[from..to].to_vec())
    }

    async fn append(&self, name: &str, at: u64, bytes: Vec<u8>) -> io::Result<()> {
        self.wait().await;
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let written = self.inner().append(name, at, &bytes)?;
        self.outcome(written).await
    }

    async fn replace(&self, name: &str, bytes: Vec<u8>) -> io::Result<()> {
        self.wait().await;
        let written = self.inner().replace(name, bytes);
        self.outcome(written).await
    }

    async fn remove(&self, name: &str) -> io::Result<()> {
        self.wait().await;
        let written = {
            let mut inner = self.inner();
            match inner.pass(1) {
                Ok(()) => {
                    inner.content.remove(name);
                    Written::Whole
                }
                Err((_, death)) => {
                    if death == Death::Killed || inner.dice.percent(50) {
                        inner.content.remove(name);
                    }
                    Written::Death(death)
                }
            }
        };
        self.outcome(written).await
    }

    async fn list(&self, folder: &str) -> io::Result<Vec<Entry>> {
        let prefix = format!("{folder}/");
        let inner = self.inner();
        let entries = inner.content.iter().filter_map(|(name, bytes)| {
            let name = name.strip_prefix(&prefix)?;
            let entry = Entry { name: name.to_owned(), bytes: bytes.len() as u64 };
            (!name.contains('/')).then_some(entry)
        });
        Ok(entries.collect())
    }

    async fn space(&self) -> io::Result<Space> {
        let inner = self.inner();
        let free_bytes = inner.size.saturating_sub(inner.used());
        Ok(Space { total_bytes: inner.size, free_bytes })
    }
}

impl SimFiles {
    async fn outcome(&self, written: Written) -> io::Result<()> {
        match written {
            Written::Whole => Ok(()),
            Written::Full => Err(io::ErrorKind::StorageFull.into()),
            Written::Death(death) => self.end(death).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    async fn dies(files: &SimFiles, work: impl Future<Output = io::Result<()>>) {
        assert!(timeout(Duration::from_millis(20), work).await.is_err());
        assert!(files.death_has_struck());
    }

    #[tokio::test]
    async fn a_death_after_any_byte_leaves_so_many_bytes() {
        for point in 0..5 {
            let files = SimFiles::new(Dice::new(1));
            files.die_after(point, Death::Killed);

            dies(&files, files.append("journal", 0, b"four".to_vec())).await;

            let left = files.content()["journal"].len();
            assert_eq!(left as u64, point);
        }
    }

    #[tokio::test]
    async fn a_replaced_file_is_the_old_one_or_the_new_one_wherever_death_comes() {
        for point in 0..5 {
            let files = SimFiles::new(Dice::new(point));
            files.replace("a", b"old".to_vec()).await.unwrap();
            files.die_after(point, Death::PowerCut);

            dies(&files, files.replace("a", b"new".to_vec())).await;

            let left = files.content().remove("a").unwrap();
            assert!(left == b"old" || (left == b"new" && point == 4), "{point}: {left:?}");
        }
    }

    #[tokio::test]
    async fn a_full_disk_takes_what_fits_and_says_so() {
        let files = SimFiles::new(Dice::new(1));
        files.set_size(3);

        let error = files.append("journal", 0, b"four".to_vec()).await.unwrap_err();

        assert!(domfleet_agent::storage::is_full(&error));
        assert_eq!(files.content()["journal"], b"fou");
    }
}
