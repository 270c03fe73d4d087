//! Any damage within the bound is mended, whatever it is; damage beyond it is told.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::backup::documents::SavedVm;

/// Chunks of 65 blocks at most, which are 4 columns.
const LARGER: Geometry = Geometry { frame_bytes: 16_384, chunk_frames: 16 };

/// A disk of noise, which nobody compresses, and one with holes.
fn large() -> (Drive, Guests, Plan) {
    large_of(LARGER)
}

fn large_of(geometry: Geometry) -> (Drive, Guests, Plan) {
    let frame = usize::try_from(geometry.frame_bytes).unwrap();
    let noise = |seed: u32, length: usize| -> Vec<u8> {
        let hashes = (0_u32..)
            .flat_map(|at| *blake3::hash(&[seed, at].map(u32::to_le_bytes).concat()).as_bytes());
        hashes.take(length).collect()
    };
    let mut holes = noise(2, frame * 20);
    holes[frame..frame * 9].fill(0);
    let guests = Guests::new();
    for (path, content) in [("/a0", noise(1, frame * 37 + 1_000)), ("/b0", holes)] {
        guests.0.lock().unwrap().get_mut(path).unwrap().content = content;
    }
    let mut plan = plan();
    plan.geometry = geometry;
    for vm in &mut plan.vms {
        for disk in &mut vm.disks {
            disk.virtual_bytes = guests.content(&disk.path).len() as u64;
        }
    }
    let drive = Drive::new();
    with_tools(&drive, |tools| create(tools, &plan, &configs(), &guests)).unwrap();
    protect_it(&drive).unwrap();
    (drive, guests, plan)
}

/// The disks of all VMs, by path.
type Contents = BTreeMap<String, Vec<u8>>;

/// What every disk of the set is restored to, and what was mended for that.
fn restored(drive: &Drive) -> Result<(Contents, Vec<String>), BackupError> {
    with_tools(drive, |tools| {
        let sealed = Sealed::open(tools, plan().set)?;
        let mut contents = BTreeMap::new();
        let vms: Vec<SavedVm> = sealed.manifest.vms.clone();
        for vm in &vms {
            sealed.config(vm)?;
            for (id, disk) in vm.disks() {
                let length = usize::try_from(disk.planned.virtual_bytes).unwrap();
                let volume = Drive::new();
                volume.leave(VOLUME, &vec![0xee; length]);
                let device = volume.open(VOLUME).unwrap().unwrap();
                sealed.restore(vm, (id, disk), Whole::used(device, VOLUME.to_owned()))?;
                contents.insert(disk.planned.path.clone(), volume.kept()[VOLUME].clone());
            }
        }
        sealed.appliance()?;
        Ok((contents, sealed.mended.places()))
    })
}

fn assert_is_what_the_guests_wrote(contents: &Contents, guests: &Guests) {
    assert_eq!(contents.len(), 4);
    for (path, content) in contents {
        assert!(*content == guests.content(path), "{path} is not what it was");
    }
}

/// A block of a column: of the chunk, or of its parity.
#[derive(Clone, Copy, Debug)]
struct Loss {
    shard: usize,
    column: usize,
    is_silent: bool,
}

impl Loss {
    /// Has the drive lose it. Says whether there is such a block.
    fn strike(self, drive: &Drive, chunk: &str, layout: Layout) -> bool {
        let (name, block) = match self.shard.checked_sub(20) {
            Some(parity) => {
                let at = layout.shard_at(parity) / BLOCK as u64;
                (chunk.replace("/c/", "/p/"), usize::try_from(at).unwrap() + self.column)
            }
            None => (chunk.to_owned(), self.shard * layout.columns + self.column),
        };
        if self.shard < 20 && !layout.blocks_of(self.shard).contains(&block) {
            return false;
        }
        if self.is_silent {
            drive.tamper(&name, |content| content[block * BLOCK + 17] ^= 0x40);
        } else {
            drive.make_block_unreadable(&name, block);
        }
        true
    }
}

fn layout_of(drive: &Drive, chunk: &str, plan: &Plan) -> Layout {
    parity_of(drive, &chunk.replace("/c/", "/p/"), LARGER, plan).1
}

/// Up to two blocks of each column, of which there are at most four.
fn scattered() -> impl Strategy<Value = Vec<Loss>> {
    let pair = proptest::array::uniform2((0..22_usize, any::<bool>(), any::<bool>()));
    proptest::array::uniform4(pair).prop_map(|columns| {
        let each = columns.into_iter().enumerate().flat_map(|(column, pair)| {
            pair.map(move |(shard, is_silent, is_there)| {
                is_there.then_some(Loss { shard, column, is_silent })
            })
        });
        each.flatten().collect()
    })
}

/// A stretch of up to a tenth of the chunk.
fn burst() -> impl Strategy<Value = Vec<Loss>> {
    (0..72_usize, 1..=8_usize, any::<bool>()).prop_map(|(first, length, is_silent)| {
        (first..first + length)
            .map(|block| Loss { shard: block / 4, column: block % 4, is_silent })
            .collect()
    })
}

/// The same for each of so many chunks, and a sector of the parity's head.
fn damage() -> impl Strategy<Value = Vec<(Vec<Loss>, Option<bool>)>> {
    let losses = prop_oneof![scattered(), burst()];
    proptest::collection::vec((losses, proptest::option::of(any::<bool>())), 8)
}

/// Has the drive lose all that. Says whether it was anything of the set itself.
fn strike(drive: &Drive, plan: &Plan, damage: &[(Vec<Loss>, Option<bool>)]) -> bool {
    let mut is_hit = false;
    for (chunk, (losses, head)) in files(drive, "/c/").iter().zip(damage) {
        let layout = layout_of(&drive.cloned(), chunk, plan);
        // A burst in a short chunk may come around to a column again.
        let mut struck: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for loss in losses.iter().filter(|loss| loss.column < layout.columns) {
            let column = struck.entry(loss.column).or_default();
            if column.len() < 2 && !column.contains(&loss.shard) {
                let is_there = loss.strike(drive, chunk, layout);
                column.extend(is_there.then_some(loss.shard));
                is_hit |= is_there && loss.shard < 20;
            }
        }
        if let Some(is_first) = head {
            let at = if *is_first { 0 } else { layout.second_head() };
            let at = usize::try_from(at).unwrap();
            drive.tamper(&chunk.replace("/c/", "/p/"), |content| content[at + 200] ^= 1);
        }
    }
    is_hit
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_lost_within_the_bound_is_restored_and_repaired(damage in damage()) {
        let (drive, guests, plan) = large();
        let whole = drive.kept();
        let is_hit = strike(&drive, &plan, &damage);

        // First of all the VMs, from a drive that cannot be written to any more.
        drive.set_read_only(true);
        let (contents, mended) = restored(&drive).unwrap();
        drive.set_read_only(false);
        assert_is_what_the_guests_wrote(&contents, &guests);
        prop_assert_eq!(!mended.is_empty(), is_hit);

        let repaired = repair_it(&drive).unwrap();

        prop_assert_eq!(&repaired.proof.damages, &[]);
        prop_assert!(repaired.lost.is_empty() && is_called_verified(&drive));
        prop_assert!(is_called_protected(&drive));
        drive.power_up(Left::Nothing);
        let after = drive.kept();
        for (name, content) in whole.iter().filter(|(name, _)| !name.contains("journal.")) {
            prop_assert!(after[name] == *content, "{} is not what it was", name);
        }
        let (contents, mended) = restored(&drive).unwrap();
        assert_is_what_the_guests_wrote(&contents, &guests);
        prop_assert_eq!(mended, Vec::<String>::new());
    }

    #[test]
    fn what_is_lost_beyond_the_bound_is_told_and_stays_as_it_is(
        shards in proptest::sample::subsequence((0..22).collect::<Vec<usize>>(), 3..6),
        column in 0..4_usize,
        is_silent in any::<bool>(),
    ) {
        let (drive, guests, plan) = large();
        let chunk = files(&drive, "/c/").remove(0);
        let layout = layout_of(&drive, &chunk, &plan);
        let column = column % layout.columns;
        let lost = shards
            .iter()
            .filter(|shard| Loss { shard: **shard, column, is_silent }.strike(&drive, &chunk, layout))
            .filter(|shard| **shard < 20)
            .count();
        // Blocks behind the chunk's end are not there to be lost.
        prop_assume!(lost >= 3);
        let before = drive.kept();

        let error = restored(&drive).unwrap_err();
        let repaired = repair_it(&drive).unwrap();

        prop_assert!(error.to_string().contains("cannot be mended"), "{}", error);
        prop_assert_eq!(repaired.lost.len(), 1);
        prop_assert_eq!(repaired.proof.damages.len(), 1);
        prop_assert!(repaired.lost[0].to_string().contains("cannot be mended"));
        prop_assert!(!is_called_verified(&drive));
        // Nothing was made of it, and nothing of it is gone: another drive may have the rest.
        prop_assert!(drive.kept()[&chunk] == before[&chunk]);
        prop_assert!(!drive.kept().keys().any(|name| name.ends_with(durable::UNFINISHED)));
        nothing_is_claimed_that_is_not_so(&drive, &guests);
    }
}

#[test]
fn a_chunk_that_is_cut_off_by_a_tenth_is_made_whole() {
    let (drive, guests, plan) = large();
    for chunk in files(&drive, "/c/") {
        let layout = layout_of(&drive, &chunk, &plan);
        drive.tamper(&chunk, |content| {
            content.truncate(content.len() - layout.columns.min(content.len() / BLOCK - 1) * BLOCK);
        });
    }

    let (contents, mended) = restored(&drive).unwrap();
    let repaired = repair_it(&drive).unwrap();

    assert_is_what_the_guests_wrote(&contents, &guests);
    assert!(!mended.is_empty());
    assert_eq!(repaired.proof.damages, []);
    assert_eq!(repaired.mended.len(), files(&drive, "/c/").len());
}

#[test]
fn a_chunk_that_is_gone_is_more_than_parity_gives_back() {
    let (drive, _, _) = large();
    let chunk = files(&drive, "/c/").remove(0);
    drive.take_away(&chunk);

    let repaired = repair_it(&drive).unwrap();

    assert_eq!((repaired.lost.len(), repaired.mended.len()), (1, 0));
    assert!(!is_called_verified(&drive));
    assert!(files(&drive, ".new").is_empty());
}

#[test]
fn parity_whose_head_is_lost_in_both_copies_gives_nothing_back_and_says_so() {
    let (drive, _, plan) = large();
    let chunk = files(&drive, "/c/").remove(0);
    let layout = layout_of(&drive, &chunk, &plan);
    let second = usize::try_from(layout.second_head()).unwrap();
    Loss { shard: 1, column: 0, is_silent: false }.strike(&drive, &chunk, layout);
    drive.tamper(&chunk.replace("/c/", "/p/"), |content| {
        content[0] ^= 1;
        content[second] ^= 1;
    });

    let error = restored(&drive).unwrap_err();

    assert!(error.to_string().contains("damaged in both copies"), "{error}");
}

#[test]
fn hashes_of_blocks_that_are_lost_in_both_heads_are_done_without() {
    let geometry = Geometry { frame_bytes: 65_536, chunk_frames: 16 };
    let (drive, guests, plan) = large_of(geometry);
    let chunk = files(&drive, "/c/").remove(0);
    let (_, layout) = parity_of(&drive, &chunk.replace("/c/", "/p/"), geometry, &plan);
    assert_eq!(layout.head_bytes(), 2 * BLOCK as u64);
    let second = usize::try_from(layout.second_head()).unwrap();
    Loss { shard: 1, column: 0, is_silent: false }.strike(&drive, &chunk, layout);
    // The hashes of the last blocks, and of the parity.
    drive.tamper(&chunk.replace("/c/", "/p/"), |content| {
        content[BLOCK] ^= 1;
        content[second + BLOCK] ^= 1;
    });

    let (contents, mended) = restored(&drive).unwrap();

    assert_is_what_the_guests_wrote(&contents, &guests);
    assert_eq!(mended.len(), 1);
}

#[test]
fn a_rebuilt_chunk_that_is_not_the_one_of_the_set_takes_nobodys_place() {
    let geometry = Geometry { frame_bytes: 65_536, chunk_frames: 16 };
    let (drive, _, plan) = large_of(geometry);
    let chunk = files(&drive, "/c/").remove(0);
    let (_, layout) = parity_of(&drive, &chunk.replace("/c/", "/p/"), geometry, &plan);
    let second = usize::try_from(layout.second_head()).unwrap();
    Loss { shard: 1, column: 0, is_silent: false }.strike(&drive, &chunk, layout);
    // Nothing tells any more that the chunk's last block is not what it was.
    drive.tamper(&chunk, |content| *content.last_mut().unwrap() ^= 1);
    drive.tamper(&chunk.replace("/c/", "/p/"), |content| {
        content[BLOCK] ^= 1;
        content[second + BLOCK] ^= 1;
    });
    let before = drive.kept();

    let repaired = repair_it(&drive).unwrap();

    assert!(repaired.lost[0].to_string().contains("is not it"), "{:?}", repaired.lost);
    assert!(drive.kept()[&chunk] == before[&chunk]);
    assert!(restored(&drive).is_err() && !is_called_verified(&drive));
    assert!(files(&drive, ".new").is_empty());
}
