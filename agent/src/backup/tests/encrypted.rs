//! Sets that are encrypted.

use super::drive::Left;
use super::*;
use crate::backup::begun;
use crate::backup::buffer::Buffer;
use crate::backup::compare::compare as compare_with;
use crate::backup::frame::{FrameError, Kind, Record};
use crate::backup::prepare::Prepared;

fn encrypted_plan() -> Plan {
    let key = Some(key().name());
    Plan { key, format: documents::format(key), ..plan() }
}

fn encrypt(drive: &Drive, guests: &Guests) -> Result<Proof, BackupError> {
    with_tools(drive, |tools| create(tools, &encrypted_plan(), &configs(), guests))
}

#[test]
fn what_is_encrypted_is_restored_with_its_key_and_is_as_it_was() {
    let (drive, guests) = (Drive::new(), Guests::new());

    let proof = encrypt(&drive, &guests).unwrap();

    assert_eq!(proof.damages, []);
    nothing_is_claimed_that_is_not_so(&drive, &guests);
    with_tools(&drive, |tools| {
        let sealed = Sealed::open(tools, plan().set).unwrap();
        for vm in &sealed.manifest.vms {
            assert_eq!(sealed.config(vm).unwrap(), configs()[&vm.uuid]);
        }
        assert_eq!(sealed.appliance().unwrap(), guests.appliance());
        assert!(compare_with(&sealed, None, &guests).unwrap().same);
    });
    guests.write("/a0", 5_000, 0xaa);
    with_tools(&drive, |tools| {
        let sealed = Sealed::open(tools, plan().set).unwrap();
        assert!(!compare_with(&sealed, None, &guests).unwrap().same);
    });
}

#[test]
fn without_the_key_a_set_is_seen_and_nothing_is_done_to_it() {
    let (drive, guests) = (Drive::new(), Guests::new());
    encrypt(&drive, &guests).unwrap();
    let before = drive.kept();
    let another = Keyring::new(vec![BackupKey::new([1; 32])]);

    for keys in [&KEYLESS, &another] {
        with_keys(keys, &drive, |tools| {
            let missing = |error: &BackupError| match error {
                BackupError::KeyMissing(id) => *id == key().id(),
                _ => false,
            };
            assert!(verify(tools, plan().set).is_err_and(|error| missing(&error)));
            assert!(Sealed::open(tools, plan().set).is_err_and(|error| missing(&error)));
            let again = create(tools, &encrypted_plan(), &configs(), &guests);
            assert!(again.is_err_and(|error| missing(&error)));
        });
    }

    assert!(is_called_verified(&drive));
    assert!(drive.kept() == before, "something was written without the key");
}

#[test]
fn nothing_that_tells_of_a_guests_content_is_on_the_drive() {
    let (drive, guests) = (Drive::new(), Guests::new());
    encrypt(&drive, &guests).unwrap();
    // What must not be there: pieces of disks and of configurations, and hashes by which somebody could
    // find out whether a guess is right.
    let mut secrets: Vec<Vec<u8>> = configs().into_values().collect();
    secrets.extend(guests.appliance().into_iter().map(|file| file.content));
    for path in ["/a0", "/a1", "/b0"] {
        let content = guests.content(path);
        for frame in content.chunks(512).filter(|frame| frame.iter().any(|byte| *byte != 0)) {
            secrets.push(blake3::hash(frame).as_bytes().to_vec());
            secrets.extend((frame.len() >= 512).then(|| frame[..64].to_vec()));
        }
    }
    let plain = back_up(&Drive::new(), &guests).unwrap();
    secrets.extend(contents_in_hex(&plain));
    secrets.retain(|secret| secret.iter().any(|byte| *byte != 0));
    assert!(secrets.len() > 30);

    for (name, content) in drive.kept() {
        for secret in &secrets {
            let is_there = content.windows(secret.len()).any(|part| part == secret);
            assert!(!is_there, "{name} gives away {}", String::from_utf8_lossy(secret));
        }
    }
}

fn contents_in_hex(proof: &Proof) -> Vec<Vec<u8>> {
    proof.manifest.disks().map(|(_, disk)| disk.content.to_string().into_bytes()).collect()
}

#[test]
fn an_encrypted_backup_cut_at_any_point_goes_on_to_a_verified_set() {
    let guests = Guests::new();
    let count = {
        let drive = Drive::new();
        encrypt(&drive, &guests).unwrap();
        drive.points()
    };
    for left in [Left::Nothing, Left::Everything, Left::Some(1)] {
        for point in 0..count {
            let drive = Drive::new();
            drive.cut_after(point);
            if encrypt(&drive, &guests).is_ok() {
                // What is random in it is now and then a step shorter.
                continue;
            }
            drive.power_up(left);
            nothing_is_claimed_that_is_not_so(&drive, &guests);

            let proof = encrypt(&drive, &guests).unwrap_or_else(|error| {
                panic!("cut at {point}, {left:?}: {error:?}");
            });

            assert_eq!(proof.damages, [], "cut at {point}, {left:?}");
            nothing_is_claimed_that_is_not_so(&drive, &guests);
        }
    }
}

#[test]
fn a_guest_that_ran_between_two_windows_is_in_an_encrypted_set_as_it_is_now() {
    let count = {
        let drive = Drive::new();
        encrypt(&drive, &Guests::new()).unwrap();
        drive.points()
    };
    for point in (0..count / 2).step_by(3) {
        let (drive, guests) = (Drive::new(), Guests::new());
        drive.cut_after(point);
        encrypt(&drive, &guests).unwrap_err();
        drive.power_up(Left::Some(point));
        guests.write("/a0", 5_000, 0xaa);
        guests.write("/a1", 10, 0xbb);

        encrypt(&drive, &guests).unwrap();

        nothing_is_claimed_that_is_not_so(&drive, &guests);
    }
}

#[test]
fn a_frame_is_taken_in_its_own_place_only_and_never_in_the_clear() {
    let (keys, disk) = (Keyring::new(vec![key()]), DiskId { vm: plan().vms[0].uuid, number: 0 });
    let other_disk = DiskId { number: 1, ..disk };
    let id = Some(key().name());
    let guest = b"a guest wrote this. ".repeat(25);
    let mut stored = Buffer::new(0);
    let mut plain = vec![0; guest.len()];
    let noise: Vec<u8> = (0..500_u32).map(|n| (n.wrapping_mul(n) >> 3).to_le_bytes()[0]).collect();

    for (content, kind) in [(&guest, Kind::SealedZstd), (&noise, Kind::SealedPlain)] {
        let record = packer(&keys, id, disk).pack(7, content, &mut stored).unwrap();
        assert_eq!(record.kind, kind);
        let bytes = usize::try_from(record.stored_bytes).unwrap();
        let sealed = stored.as_ref()[..bytes].to_vec();

        let mut opened = packer(&keys, id, disk);
        assert_eq!(opened.unpack(7, &record, &mut sealed.clone(), &mut plain), Ok(()));
        assert!(plain == *content);
        assert_eq!(
            opened.unpack(8, &record, &mut sealed.clone(), &mut plain),
            Err(FrameError::Sealed)
        );
        let elsewhere =
            packer(&keys, id, other_disk).unpack(7, &record, &mut sealed.clone(), &mut plain);
        assert_eq!(elsewhere, Err(FrameError::Sealed));
        let keyless =
            packer(&KEYLESS, None, disk).unpack(7, &record, &mut sealed.clone(), &mut plain);
        assert_eq!(keyless, Err(FrameError::Sealed));
        // Whoever changes what is stored can change its hash too.
        for at in [0, 31, 32, bytes / 2, bytes - 17, bytes - 16, bytes - 1] {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            let record = of(&changed, record);
            let taken = opened.unpack(7, &record, &mut changed, &mut plain);
            assert_eq!(taken, Err(FrameError::Sealed), "at {at}");
        }
        // Nor is anything taken that was not sealed at all.
        let clear = packer(&KEYLESS, None, disk).pack(7, content, &mut stored).unwrap();
        let bytes = usize::try_from(clear.stored_bytes).unwrap();
        let taken = opened.unpack(7, &clear, &mut stored.as_mut()[..bytes], &mut plain);
        assert_eq!(taken, Err(FrameError::Sealed));
    }
}

fn of(stored: &[u8], record: Record) -> Record {
    Record { stored: *blake3::hash(stored).as_bytes(), ..record }
}

#[test]
fn the_same_content_is_never_stored_the_same_way_twice() {
    let (keys, disk) = (Keyring::new(vec![key()]), DiskId { vm: plan().vms[0].uuid, number: 0 });
    let mut packer = packer(&keys, Some(key().name()), disk);
    let (mut first, mut second) = (Buffer::new(0), Buffer::new(0));

    let one = packer.pack(7, &[7; 512], &mut first).unwrap();
    let two = packer.pack(7, &[7; 512], &mut second).unwrap();

    assert!(first.as_ref() != second.as_ref());
    assert!(one.stored != two.stored && one.plain != two.plain);
}

#[test]
fn what_was_begun_is_gone_on_with_by_whoever_has_its_key_and_wants_it_encrypted() {
    let (drive, guests) = (Drive::new(), Guests::new());
    drive.cut_after(100);
    encrypt(&drive, &guests).unwrap_err();
    drive.power_up(Left::Everything);
    let fresh = || {
        let mut plan = plan();
        plan.set = SetId(Uuid::from_u128(10));
        Prepared::of(plan, configs())
    };
    let goes_on = |keys: &Keyring, key: Option<KeyName>| {
        let prepared = fresh().encrypted(key);
        let prepared = with_keys(keys, &drive, |tools| begun::resume(tools, prepared, &guests));
        prepared.unwrap().plan.set == plan().set
    };
    let another = BackupKey::new([1; 32]);
    let (new, both) = (Some(another.name()), Keyring::new(vec![another.clone(), key()]));

    assert!(goes_on(&both, new));
    assert!(!goes_on(&Keyring::new(vec![another]), new));
    assert!(!goes_on(&both, None));
}

#[test]
fn an_encrypted_set_is_of_a_format_that_older_builds_leave_alone() {
    let drive = Drive::new();
    encrypt(&drive, &Guests::new()).unwrap();

    for document in ["plan.json", "set.json"] {
        let content = &drive.kept()[&format!("DOMFLEET/sets/{}/{document}", plan().set)];
        let said: serde_json::Value = serde_json::from_slice(content).unwrap();
        assert_eq!(said["format"], 2, "{document}");
        assert_eq!(said["key"]["id"], key().id().to_string(), "{document}");
    }
}
