//! Signatures that operators add.

use super::*;

const GOOD: &str = "
    [[signature]]
    id = 'raid_degraded'
    meaning = 'a mirror has lost a drive'
    severity = 'high'
    patterns = ['^md/raid1:(?P<md>\\w+): Disk failure on (?P<dev>\\w+)']
    samples = ['[  12.5] md/raid1:md0: Disk failure on sdb1, disabling device.']
";

fn refusal(document: &str) -> String {
    Catalogue::with(document).unwrap_err().to_string()
}

#[test]
fn their_signatures_are_found_beside_ours_also_where_they_begin_a_line() {
    let catalogue = Catalogue::with(GOOD).unwrap();
    let mut scanner = Scanner::new(&catalogue);
    let log = b"7 <3>[12.5] md/raid1:md0: Disk failure on sdb1, disabling device.\n[13.0] ata1: hard resetting link\n";
    scanner.scan("log", &log[..]).unwrap();

    let found = scanner.finish().findings;
    assert_eq!(told(&found), ["raid_degraded high 1 x1", "ata_cmd high 2 x1"]);
    assert_eq!(found[0].fields["dev"], "sdb1");
    assert_eq!(found[0].first_at, Some(LogTime::SinceBootMilliseconds(12_500)));
}

#[test]
fn what_is_wrong_with_one_is_said_with_its_name_or_its_line() {
    for (from, to, said) in [
        (
            "severity = 'high'",
            "severity = 'urgent'",
            "expected one of `info`, `warn`, `high`, `crit`, `fatal`",
        ),
        ("severity = 'high'", "", "missing field `severity`"),
        ("meaning", "meening", "unknown field `meening`"),
        ("(?P<md>", "(?P<md", "signature \"raid_degraded\": the pattern"),
        ("Disk failure on (?P<dev>\\w+)']", "Disk failure', '']", "is found in an empty line"),
        ("Disk failure on (?P<dev>\\w+)']", "Disk failure', '.*']", "is found in an empty line"),
        (
            "Disk failure on (?P<dev>\\w+)']",
            "Disk failure', '\\w']",
            "is found in every ordinary line",
        ),
        ("Disk failure on (?P<dev>\\w+)']", "Disk failure', '(\\w{900}){900}']", "the pattern"),
        (
            "patterns = ['^md/raid1:(?P<md>\\w+): Disk failure on (?P<dev>\\w+)']",
            "patterns = []",
            "has no pattern",
        ),
        ("'raid_degraded'", "'oops'", "there are two signatures \"oops\""),
        ("'raid_degraded'", "'RAID degraded'", "\"RAID degraded\" is no id"),
        ("sdb1, dis", "SDB, dis", ""),
        ("Disk failure on sdb1", "disk failure on sdb1", "is not found in its own sample"),
    ] {
        let document = GOOD.replace(from, to);
        assert_ne!(document, GOOD, "{from}");
        if said.is_empty() {
            assert!(Catalogue::with(&document).is_ok());
        } else {
            let refusal = refusal(&document);
            assert!(refusal.contains(said), "{to}: {refusal}");
        }
    }
    assert!(refusal("[[signature]\n").contains("line 1"));
    assert!(refusal(&"#".repeat(300_000)).contains("262144 are the most"));
    let many: String = (0..600)
        .map(|n| GOOD.replace("raid_degraded", &format!("s{n}")))
        .fold(String::new(), |all, one| all + &one);
    assert!(refusal(&many).contains("500 are the most"), "{}", refusal(&many));
}

#[test]
fn what_they_except_is_not_found() {
    let document = GOOD.to_owned()
        + "except = ['on sdz']\n near_misses = ['md/raid1:md0: Disk failure on sdz9']";
    assert!(Catalogue::with(&document).is_ok());

    let without = document.replace("except = ['on sdz']", "");
    assert!(refusal(&without).contains("in what it calls a near miss"));
}

#[test]
fn the_example_in_the_documentation_is_taken() {
    let documentation = include_str!("../../../../docs/signatures.md");
    let example = documentation.split("```").find_map(|part| part.strip_prefix("toml\n")).unwrap();

    assert!(Catalogue::with(example).unwrap().get("raid_degraded").is_some());
}
