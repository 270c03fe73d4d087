use super::super::group::{extents, room};
use super::*;

#[test]
fn a_physical_volume_of_8_gib_has_2047_extents_and_not_2048() {
    assert_eq!(extents(8 * GIB, &Layout::default()), 2047);
    assert_eq!(extents(8 * GIB + MIB, &Layout::default()), 2048);
    assert_eq!(extents(8 * GIB + MIB - 1, &Layout::default()), 2047);
    assert_eq!(extents(MIB - 1, &Layout::default()), 0);
}

#[test]
fn three_disks_of_100_gib_with_60_on_them_do_not_fit_on_240_gb_and_it_is_said_what_would_help() {
    let report = of(|facts| {
        let one = |name: &str| vm(name, vec![disk(100 * GIB, 60 * GIB)]);
        facts.vms = vec![one("a"), one("b"), one("c")];
        facts.drives = vec![drive(900 * GB)];
    });
    let group = report.group.as_ref().unwrap();

    assert!(!group.fits);
    assert_eq!(group.vms.iter().map(|vm| vm.extents).collect::<Vec<_>>(), [25_600; 3]);
    // 240 GB less 256 MiB and 1 MiB, in extents of 4 MiB.
    assert_eq!(group.extents, 57_156);
    assert_eq!((group.root_extents, group.spare_extents), (256, 572));
    assert_eq!(group.missing_extents, 3 * 25_600 + 256 + 572 - 57_156);
    assert_eq!(codes(&report), [BlockerCode::GroupTooSmall, BlockerCode::BudgetTooShort]);
    let todo = &report.blockers[0].what_to_do;
    for way in ["thin pool", "smaller first", "a, b and c"] {
        assert!(todo.contains(way), "{todo}");
    }
    assert_eq!(report.consents[0].to.code, ConsentCode::GroupTooSmall);
}

#[test]
fn the_last_extent_fits_and_one_byte_more_takes_another_one() {
    let layout = Layout::default();
    // 5000 extents, of which 256 are the root's and 50 kept free.
    let device = MIB + 5000 * 4 * MIB;
    let fits = |virtual_bytes| {
        let vm = vm("pbx", vec![disk(virtual_bytes, 0)]);
        room(device, &layout, &[&vm])
    };

    let exactly = fits((5000 - 256 - 50) * 4 * MIB);
    let over = fits((5000 - 256 - 50) * 4 * MIB + 1);

    assert!(exactly.fits && exactly.missing_extents == 0, "{exactly:?}");
    assert_eq!((over.fits, over.missing_extents), (false, 1));
    assert_eq!(over.fits_without.len(), 1);
}

#[test]
fn at_least_16_extents_are_kept_free_on_a_small_disk() {
    assert_eq!(room(GIB, &Layout::default(), &[]).spare_extents, 16);
}

#[test]
fn each_disk_is_rounded_up_by_itself() {
    let two = vm("pbx", vec![disk(1, 0), disk(1, 0)]);

    assert_eq!(room(GIB, &Layout::default(), &[&two]).vms[0].extents, 2);
}

#[test]
fn an_extent_of_no_bytes_fits_nothing() {
    let layout = Layout { extent_bytes: 0, ..Layout::default() };

    assert!(!room(GIB, &layout, &[]).fits);
}
