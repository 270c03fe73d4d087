//! Parity on a simulated drive that loses blocks of it.

mod cuts;
mod documents;
mod mending;
mod pass;
mod real;

use super::drive::Left;
use super::*;
use crate::backup::parity::layout::{KnownChunk, Layout, ParityId};
use crate::backup::parity::{Protected, Repaired, head, protect, repair};

pub(super) const BLOCK: usize = 4_096;

fn protect_it(drive: &Drive) -> Result<Protected, BackupError> {
    with_tools(drive, |tools| protect(tools, plan().set))
}

fn repair_it(drive: &Drive) -> Result<Repaired, BackupError> {
    with_tools(drive, |tools| repair(tools, plan().set))
}

fn is_called_protected(drive: &Drive) -> bool {
    list::list(drive).unwrap().iter().any(|set| set.is_protected)
}

fn protected() -> (Drive, Guests) {
    let (drive, guests) = (Drive::new(), Guests::new());
    back_up(&drive, &guests).unwrap();
    protect_it(&drive).unwrap();
    (drive, guests)
}

/// Names of files that are called so in part.
fn files(drive: &Drive, part: &str) -> Vec<String> {
    drive.kept().into_keys().filter(|name| name.contains(part)).collect()
}

/// The chunk that the parity file of that name is of, and how it is cut.
fn parity_of(drive: &Drive, name: &str, geometry: Geometry, sizes: &Plan) -> (ParityId, Layout) {
    let parts: Vec<&str> = name.split('/').collect();
    let [.., vm, disk, _, number] = parts.as_slice() else { panic!("{name}") };
    let disk = DiskId { vm: vm.parse().unwrap(), number: disk[1..].parse().unwrap() };
    let found = sizes.disks().find(|(_, other, _)| *other == disk).unwrap();
    let virtual_bytes = found.2.virtual_bytes;
    let number = number.parse().unwrap();
    let id = ChunkId { set: sizes.set, disk, number, virtual_bytes, geometry };
    let chunk = &drive.kept()[&name.replace("/p/", "/c/")];
    let head_bytes = usize::try_from(id.head_bytes()).unwrap();
    let records = id.read_head(&chunk[..head_bytes]).unwrap();
    let known = KnownChunk { id, records };
    let id = ParityId::of(&known);
    (id, id.layout().unwrap())
}

/// What must hold in every state: parity has its name only once all of it is durable.
pub(super) fn assert_whole(drive: &Drive, name: &str, content: &[u8]) {
    let (id, layout) = parity_of(drive, name, GEOMETRY, &plan());
    assert_eq!(content.len() as u64, layout.file_bytes(), "{name}");
    let head = usize::try_from(layout.head_bytes()).unwrap();
    let copies = [&content[..head], &content[content.len() - head..]];
    let said = head::combine(&id, layout, copies).unwrap();
    assert_eq!(said.damaged, 0, "{name}");
    let hashes = said.hashes[layout.blocks..].iter();
    let blocks = content[head..content.len() - head].chunks(BLOCK);
    assert!(blocks.map(|block| Some(head::hash_of(block))).eq(hashes.copied()), "{name}");
}

#[test]
fn a_protected_set_is_verified_listed_as_such_and_restored() {
    let (drive, guests) = protected();

    let proof = prove(&drive).unwrap();

    assert_eq!(proof.damages, []);
    assert_eq!(proof.protection.unwrap().damages, []);
    assert!(is_called_verified(&drive) && is_called_protected(&drive));
    assert_restores(&drive, &guests);
    what_has_its_name_is_whole(&drive);
    // It can be done again, and changes nothing.
    let before = drive.kept();
    protect_it(&drive).unwrap();
    assert!(drive.kept() == before);
}
