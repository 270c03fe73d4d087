use std::sync::Arc;

use super::*;
use crate::dom0::Observed;
use crate::dom0::xen::Layout;
use crate::log_ring::LogRing;

/// A system in a folder, where nothing runs.
struct Fake {
    root: tempfile::TempDir,
    xen: Xen,
}

fn fake() -> Fake {
    let root = tempfile::tempdir().unwrap();
    let layout = Layout {
        root: root.path().to_owned(),
        data_dir: root.path().join("data"),
        vm_config_dirs: vec!["/etc/xen".into(), "/etc/xen/auto".into()],
        adopted_dir: root.path().join("data/vms"),
        autostart_dir: "/etc/xen/auto".into(),
        console_log_dir: "/var/log/xen/console".into(),
        vm_hook: Vec::new(),
        release_file: String::new(),
        watchdog: None,
    };
    std::fs::create_dir_all(root.path().join("etc/xen")).unwrap();
    Fake { xen: Xen::new(layout, Arc::new(LogRing::default())), root }
}

impl Fake {
    fn names(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.root.path().join(folder)) else {
            return Vec::new();
        };
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name.contains('.')).collect();
        names.sort();
        names
    }

    async fn seen(&self) -> Observed {
        let mut observed = crate::testing::empty(domfleet_shared::id::BootId::new());
        let (vms, configs) = self.xen.vms(&[]).await;
        (observed.vms, observed.configs) = (Ok(vms), configs);
        observed
    }
}

fn text(vm: VmId, name: &str) -> String {
    format!("name = '{name}'\nuuid = '{vm}'\nmemory = 64\nextra = 'kept'\n")
}

#[tokio::test]
async fn autostart_is_a_link_that_comes_and_goes_and_a_file_is_left_to_a_person() {
    let fake = fake();
    let vm = VmId::new();
    let config = fake.root.path().join("etc/xen/pbx.cfg");
    std::fs::write(&config, text(vm, "pbx")).unwrap();
    let path = config.to_string_lossy().into_owned();
    let starts = async || fake.seen().await.vm(vm).unwrap().unwrap().autostart;

    assert_eq!(starts().await, Some(false));
    for _ in 0..2 {
        fake.xen.set_autostart(vm, &path, true).unwrap();
        assert_eq!(starts().await, Some(true));
        assert_eq!(fake.names("etc/xen/auto"), [format!("{vm}.cfg")]);
    }
    fake.xen.set_autostart(vm, &path, false).unwrap();
    assert_eq!(starts().await, Some(false));
    assert!(config.exists());

    std::fs::write(fake.root.path().join("etc/xen/auto/pbx"), text(vm, "pbx")).unwrap();
    assert_eq!(starts().await, Some(true));
    let refused = fake.xen.set_autostart(vm, &path, false).unwrap_err();
    assert!(refused.to_string().contains("no link"), "{refused}");
}

#[test]
fn a_file_is_for_a_vm_by_its_uuid_or_where_it_has_none_by_the_name_of_ours() {
    let fake = fake();
    let vm = VmId::new();
    let folder = fake.root.path().join("data/vms");
    std::fs::create_dir_all(&folder).unwrap();
    write_whole(&folder.join(format!("{vm}.cfg")), &text(vm, "pbx")).unwrap();
    let xen = fake.root.path().join("etc/xen");
    std::fs::write(xen.join("a.cfg"), "name = 'pbx'\nmemory = 64\n").unwrap();
    std::fs::write(xen.join("b.cfg"), text(VmId::new(), "pbx")).unwrap();
    std::fs::write(xen.join("c.cfg"), "name = 'other'\n").unwrap();

    let files = fake.xen.files_of(vm);

    let names: Vec<&str> = files.iter().map(|file| file.path.rsplit('/').next().unwrap()).collect();
    assert_eq!(names, [format!("{vm}.cfg").as_str(), "a.cfg"]);
}

#[tokio::test]
async fn a_half_written_configuration_is_no_vm() {
    let fake = fake();
    let vm = VmId::new();
    let folder = fake.root.path().join("data/vms");
    std::fs::create_dir_all(&folder).unwrap();

    write_whole(&folder.join(format!(".{vm}.new")), &text(vm, "pbx")).unwrap();

    assert_eq!(fake.seen().await.vms, Ok(Vec::new()));
}

#[test]
fn nobody_else_reads_a_configuration() {
    use std::os::unix::fs::PermissionsExt as _;
    let fake = fake();
    let path = fake.root.path().join("x.cfg");

    write_whole(&path, "vncpasswd = 'x'").unwrap();

    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}
