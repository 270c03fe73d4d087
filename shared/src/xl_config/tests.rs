use super::*;
use crate::id::VmId;
use crate::operation::vm::{DiskFormat, DiskSource, NewDisk, NewNic, VmForm, VmType};

const PBX: &str = r#"
name = "pbx"            # the telephone system
uuid = '5f0c2c3e-8d1b-4a5e-9a53-6c1f0e7b9d21'
memory = 512; vcpus = 2
disk = [ "format=qcow2, vdev=xvda, access=rw, target=/vm/a,b.qcow2",
         'phy:/dev/vg0/z,xvdb,w',   # [old]
         "/iso/x.iso,raw,hdc,ro", "tap:qcow2:/y.qcow2,xvdd,w", ]
vif = [ 'mac=00:16:3E:5E:6C:01,bridge=xenbr0', 'bridge=xenbr1' ]
cpuid = [ [ "a", 0x1f ], 'b' ]
"#;

fn parse(text: &str) -> Document {
    Document::parse(text.as_bytes()).unwrap()
}

fn refused(text: &str) -> String {
    Document::parse(text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn a_file_is_read_in_all_the_forms_that_people_write() {
    let config = VmConfig::of(&parse(PBX)).unwrap();

    assert_eq!((config.name.as_str(), config.memory_mib, config.vcpus), ("pbx", 512, 2));
    let disks: Vec<_> = config
        .disks
        .iter()
        .map(|d| (d.vdev.as_str(), d.target.as_deref().unwrap(), d.format.as_str(), d.writable))
        .collect();
    assert_eq!(
        disks,
        [
            ("xvda", "/vm/a,b.qcow2", "qcow2", true),
            ("xvdb", "/dev/vg0/z", "raw", true),
            ("hdc", "/iso/x.iso", "raw", false),
            ("xvdd", "/y.qcow2", "qcow2", true),
        ]
    );
    assert_eq!(config.macs(), ["00:16:3e:5e:6c:01"]);
}

#[test]
fn disks_are_read_as_xl_reads_them() {
    for (spec, vdev, target, format, cdrom) in [
        ("/dev/vg/guest-volume,,xvda,rw", "xvda", Some("/dev/vg/guest-volume"), "raw", false),
        ("/dev/vg/v,raw,xvda,rw", "xvda", Some("/dev/vg/v"), "raw", false),
        (",hdc:cdrom,r", "hdc", None, "raw", true),
        ("/vm/x.iso,,hdc,cdrom", "hdc", Some("/vm/x.iso"), "raw", true),
        (
            "vdev=hdc,access=ro,devtype=cdrom,target=/x, y.iso",
            "hdc",
            Some("/x, y.iso"),
            "raw",
            true,
        ),
        ("file:/x.img,hda,w", "hda", Some("/x.img"), "raw", false),
        ("  format=vhd , vdev=xvda, target=/x", "xvda", Some("/x"), "vhd", false),
        ("/x,format=qcow2,xvda", "xvda", Some("/x"), "qcow2", false),
    ] {
        let disk = Disk::parse(spec);

        let found = (disk.vdev.as_str(), disk.target.as_deref(), disk.format.as_str(), disk.cdrom);
        assert_eq!(found, (vdev, target, format, cdrom), "{spec}");
    }
}

#[test]
fn the_last_word_on_a_key_counts_and_what_is_added_to_it() {
    let document = parse("a = 1\na = 2\nl = [ 'x' ]\nl += [ 'y', ]\nt = \"a\"\nt += 'b'\n");

    assert_eq!(document.number("a"), Some(2));
    assert_eq!(document.texts("l"), ["x", "y"]);
    assert_eq!(document.atom("t").as_deref(), Some("ab"));
    assert_eq!(parse("n = 0x1f").number("n"), Some(31));
}

#[test]
fn escapes_are_undone_and_other_quotes_stand_for_themselves() {
    let document = parse(r#"a = "it's \"so\" \\ \x41 \101 \n#" # a comment"#);

    assert_eq!(document.atom("a").as_deref(), Some("it's \"so\" \\ A A \n#"));
}

#[test]
fn a_mistake_is_named_by_its_line() {
    assert_eq!(refused("name = 'a'\nmemory = lots\n").split(':').next(), Some("line 2"));
    for (text, says) in [
        ("name = 'a", "no end in its line"),
        ("disk = [ 'a' 'b' ]", ", or ]"),
        ("disk = [ 'a'", ", or ]"),
        ("name 'a'", "= or +="),
        ("= 'a'", "a key"),
        ("a = 1 b = 2", "end of the line"),
        ("a = \"\\q\"", "behind a backslash"),
        ("a = \"\\x00\"", "behind a backslash"),
        ("a = 1\r\n", "carriage return"),
        ("a = b", "in quotes"),
        ("Name = 'a'", "in quotes"),
    ] {
        assert!(refused(text).contains(says), "{text:?}: {}", refused(text));
    }
}

#[test]
fn what_is_no_text_or_endless_is_refused_without_a_look_at_it() {
    for (bytes, says) in [
        (&b"name = 'a'\nx = '\0'"[..], "line 2: a zero byte"),
        (b"name = '\xff'", "line 1: this is not UTF-8"),
    ] {
        assert!(Document::read(bytes).unwrap_err().to_string().contains(says));
    }
    assert!(Document::read(&vec![b'#'; LONGEST + 1]).is_err());
    let deep = format!("a = {}", "[".repeat(200_000));
    assert!(refused(&deep).contains("nested"));
    let wide = format!("a = [ {} ]", "1,".repeat(100_000));
    assert_eq!(parse(&wide).list("a").len(), 100_000);
}

#[test]
fn a_line_with_a_mistake_hides_no_other() {
    let document =
        Document::read(b"vif.default = 1\nname = 'a'\nx = [ 1, oh\nmemory = 5\n").unwrap();

    assert_eq!(VmConfig::of(&document).unwrap().memory_mib, 5);
    assert_eq!(document.problems().len(), 2);
}

#[test]
fn changing_one_thing_leaves_every_other_byte_as_it_is() {
    let changed = parse(PBX).with("memory", "1024").unwrap();

    assert_eq!(changed.text(), PBX.replace("memory = 512", "memory = 1024"));
    let renamed = parse(PBX).with_text("name", "pbx-2").unwrap();
    assert_eq!(renamed.text(), PBX.replace("name = \"pbx\"", "name = \"pbx-2\""));
    let added = parse(PBX).with("maxmem", "2048").unwrap();
    assert_eq!(added.text(), format!("{PBX}maxmem = 2048\n"));
    let twice = parse("a = 1\nb = 2\na = 3\n").with("a", "4").unwrap();
    assert_eq!(twice.text(), "\nb = 2\na = 4\n");
}

#[test]
fn disks_and_cards_come_and_go_and_the_others_stay_as_they_are_written() {
    let disk = NewDisk {
        vdev: "xvde".into(),
        source: DiskSource::Path("/x".into()),
        format: DiskFormat::Raw,
        writable: false,
        cdrom: false,
    };
    let placed = Placed { disk: &disk, target: Some("/dev/vg0/it's") };

    let changed = parse(PBX).with_disks(&["xvdb".into()], &[placed]).unwrap();

    let config = VmConfig::of(&changed).unwrap();
    let vdevs: Vec<_> = config.disks.iter().map(|disk| disk.vdev.as_str()).collect();
    assert_eq!(vdevs, ["xvda", "hdc", "xvdd", "xvde"]);
    assert_eq!(config.disks[3].target.as_deref(), Some("/dev/vg0/it's"));
    assert!(
        changed.text().contains(r#""format=qcow2, vdev=xvda, access=rw, target=/vm/a,b.qcow2""#)
    );
    let nic = NewNic { bridge: Some("br2".into()), ..NewNic::default() };
    let changed = changed.with_nics(&["00:16:3e:5e:6c:01".into()], &[nic]).unwrap();
    let bridges: Vec<_> =
        VmConfig::of(&changed).unwrap().nics.into_iter().filter_map(|nic| nic.bridge).collect();
    assert_eq!(bridges, ["xenbr1", "br2"]);
}

#[test]
fn a_pinned_copy_says_the_same_with_identity() {
    let uuid = VmId::new();
    let macs = ["00:16:3e:5e:6c:01".to_owned(), "00:16:3e:00:00:02".to_owned()];

    let copy = parse(PBX).pinned(uuid, &macs).unwrap();

    let (before, after) = (VmConfig::of(&parse(PBX)).unwrap(), VmConfig::of(&copy).unwrap());
    assert_eq!(after.uuid, Some(uuid));
    assert_eq!(after.macs(), macs);
    assert_eq!(after.disks, before.disks);
    assert_eq!(copy.pinned(uuid, &macs).unwrap(), copy);
}

#[test]
fn a_copy_for_another_vm_has_its_name_and_its_addresses_and_all_else_as_it_was() {
    let uuid = VmId::new();
    let macs = ["00:16:3e:00:00:01".to_owned(), "00:16:3e:00:00:02".to_owned()];

    let copy = parse(PBX).with_identity("pbx \"2\"", uuid, &macs).unwrap();

    let (before, after) = (VmConfig::of(&parse(PBX)).unwrap(), VmConfig::of(&copy).unwrap());
    assert_eq!((after.name.as_str(), after.uuid), ("pbx \"2\"", Some(uuid)));
    assert_eq!(after.macs(), macs);
    let bridges =
        |config: &VmConfig| config.nics.iter().map(|card| card.bridge.clone()).collect::<Vec<_>>();
    assert_eq!(bridges(&after), bridges(&before));
    assert_eq!((after.disks, after.memory_mib), (before.disks, before.memory_mib));
    let bare = parse("name = 'a'\n").with_identity("b", uuid, &macs).unwrap();
    assert_eq!(bare.value("vif"), None);
}

fn form() -> VmForm {
    VmForm {
        name: "win10".into(),
        vm_type: VmType::Hvm,
        memory_mib: 4096,
        vcpus: 2,
        disks: vec![
            NewDisk {
                vdev: "xvda".into(),
                source: DiskSource::Volume("u".into()),
                format: DiskFormat::Raw,
                writable: true,
                cdrom: false,
            },
            NewDisk {
                vdev: "hdc".into(),
                source: DiskSource::Empty,
                format: DiskFormat::Raw,
                writable: false,
                cdrom: true,
            },
        ],
        nics: vec![NewNic { bridge: Some("xenbr0".into()), ..NewNic::default() }],
        kernel: None,
        ramdisk: None,
        cmdline: Some("quote \" and \\ backslash".into()),
        boot: Some("dc".into()),
        uefi: false,
    }
}

#[test]
fn a_form_becomes_a_configuration_that_says_it_all() {
    let form = form();
    let placed: Vec<_> = form
        .disks
        .iter()
        .zip([Some("/dev/vg0/win10"), None])
        .map(|(disk, target)| Placed { disk, target })
        .collect();

    let document = from_form(&form, &placed).unwrap();

    let config = document.check_new().unwrap();
    assert_eq!((config.name.as_str(), config.memory_mib, config.vcpus), ("win10", 4096, 2));
    assert_eq!(config.disks[0].target.as_deref(), Some("/dev/vg0/win10"));
    assert!(config.disks[1].cdrom && config.disks[1].target.is_none());
    assert_eq!(document.atom("cmdline"), form.cmdline);
    assert_eq!(document.atom("type").as_deref(), Some("hvm"));
}

#[test]
fn nothing_makes_dom0_run_a_program_or_gives_a_guest_its_disks() {
    let with = |line: &str| format!("name = 'a'\nmemory = 5\n{line}\n");
    for line in [
        "bootloader = '/bin/sh'",
        "bootloader = '/tmp/pygrub'",
        "device_model_override = '/tmp/x'",
        "device_model_args = [ '-monitor', 'x' ]",
        "disk = [ '/dev/sda,raw,xvda,rw' ]",
        "disk = [ 'phy:/dev/nvme0n1p2,xvda,w' ]",
        "disk = [ '/dev/disk/by-id/x,raw,xvda' ]",
        "disk = [ '/vm/../etc/shadow,raw,xvda' ]",
        "disk = [ '/x,raw,../xvda' ]",
        "disk = [ 'vdev=xvda,script=/tmp/x,target=/x' ]",
        "disk = [ '/proc/kcore,raw,xvda' ]",
        "disk = [ 'relative,raw,xvda' ]",
        "vif = [ 'script=/tmp/x' ]",
        "vif = [ 'mac=01:00:00:00:00:00' ]",
        "vif = [ 'bridge=a/b' ]",
        "kernel = '/etc/../x'",
        "uuid = 'none'",
        "name = '../x'",
        "memory = 0",
    ] {
        assert!(parse(&with(line)).check_new().is_err(), "{line}");
    }
    for line in [
        "bootloader = 'pygrub'",
        "bootloader = '/usr/lib/xen/bin/pygrub'",
        "disk = [ '/dev/vg0/a,raw,xvda', '/dev/mapper/vg0-b,,xvdb', '/vm/c.qcow2,qcow2,sda1' ]",
        "vif = [ '', 'mac=00:16:3e:00:00:01,bridge=xenbr0,script=vif-bridge' ]",
        "kernel = '/opt/kernel'",
    ] {
        assert_eq!(parse(&with(line)).check_new().map(|_| ()), Ok(()), "{line}");
    }
}
