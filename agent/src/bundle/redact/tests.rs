use base64::Engine as _;

use super::*;

fn redacted(text: &str) -> String {
    String::from_utf8(Redactor::new().redact(text.as_bytes()).0).unwrap()
}

const CANARY: &str = "C4nary/s3cret+=x";

#[test]
fn a_secret_is_taken_out_of_every_surrounding_that_tells_of_it() {
    for text in [
        r#"vncpasswd = "C4nary/s3cret+=x""#,
        r"spicepasswd='C4nary/s3cret+=x'",
        "vfb = [ 'type=vnc,vncpasswd=C4nary/s3cret+=x,vnclisten=0.0.0.0' ]",
        r#"{"vnc": {"enable": "True", "passwd": "C4nary/s3cret+=x"}}"#,
        r#"{\"password\": \"C4nary/s3cret+=x\"}"#,
        r#"/local/domain/0/backend/vfb/1/0/vncpasswd = "C4nary/s3cret+=x""#,
        "qemu -object secret,id=sec0,data=C4nary/s3cret+=x -drive file=a",
        "rbd:pool/image:password=C4nary/s3cret+=x",
        "<sip><Password type=\"a\">C4nary/s3cret+=x</Password></sip>",
        "wpa_passphrase: C4nary/s3cret+=x",
        "snmp community = C4nary/s3cret+=x",
        "md5secret=C4nary/s3cret+=x",
        "API-KEY: C4nary/s3cret+=x",
        "pin=C4nary/s3cret+=x",
        "Authorization: Bearer C4nary/s3cret+=x",
        "-----BEGIN EC PRIVATE KEY-----\nC4nary/s3cret+=x\n-----END EC PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nC4nary/s3cret+=x\nand cut off",
        "GET /login?user=me&password=C4nary/s3cret+=x&x=1",
        "iface eth0 inet dhcp\n    wpa-psk C4nary/s3cret+=x\n",
        "rocommunity C4nary/s3cret+=x 10.0.0.0/8",
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\nC4nary/s3cret+=x\n-----END PGP PRIVATE KEY BLOCK-----",
        "it was\n... left out ...\nC4nary/s3cret+=x\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\nC4nary/s3cret+=x\n... left out ...\nand more",
    ] {
        let text = redacted(text);
        assert!(!text.contains("C4nary"), "{text}");
        assert!(text.contains("***"), "{text}");
    }
}

#[test]
fn userinfo_and_tokens_are_known_by_their_shape() {
    for text in [
        "proxy http://me:hunter2secret@proxy:3128/",
        "eyJhbGciOiJFZERTQSJ9.hunter2secret.c2ln",
        "joined with domfleet1.hunter2secret",
    ] {
        assert!(!redacted(text).contains("hunter2secret"), "{text}");
    }
    assert_eq!(redacted("proxy http://me:x@proxy:3128/").matches("@proxy:3128/").count(), 1);
}

#[test]
fn what_is_no_secret_stays() {
    for text in [
        "[    1.5] usb 1-1: new high-speed USB device number 2",
        "pinned mapping of authority: 5",
        "name = \"pbx\"\nmemory = 1024\nuuid = \"5f0c2c3e-8d1b-4a5e-9a53-6c1f0e7b9d21\"",
        "INFO: task jbd2/sda2-8:311 blocked for more than 120 seconds.",
        r#"{"passwd": "", "keymap": "de"}"#,
        "module license 'GPL' taints kernel.",
    ] {
        assert_eq!(redacted(text), text);
    }
}

#[test]
fn a_learned_secret_is_taken_out_in_whatever_form_it_is_written() {
    let mut redactor = Redactor::new();
    redactor.learn(format!("vncpasswd = \"{CANARY}\"").as_bytes());
    let standard = base64::engine::general_purpose::STANDARD;

    let mut texts = vec![CANARY.to_owned(), hex::encode(CANARY), hex::encode_upper(CANARY)];
    texts.extend(
        ["C4nary%2Fs3cret%2B%3Dx", "C4nary%2fs3cret%2b%3dx", "C4nary\\/s3cret+=x"]
            .map(str::to_owned),
    );
    texts.push(CANARY.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat());
    for before in ["", "a", "ab", "user:", "abcd"] {
        texts.push(standard.encode(format!("{before}{CANARY}and more")));
    }
    for text in texts {
        let (redacted, count) = redactor.redact(format!("it says {text} here").as_bytes());
        let redacted = String::from_utf8(redacted).unwrap();
        assert!(count > 0 && redacted.contains("***"), "{text}: {redacted}");
        let longest_left = redacted.trim_start_matches("it says ").split("***").next().unwrap();
        assert!(longest_left.len() <= 8, "{text}: {redacted}");
    }
}

#[test]
fn a_secret_that_is_an_ordinary_word_hides_no_other() {
    let mut redactor = Redactor::new();
    redactor.learn(b"vncpasswd = 'password'\nsecret = Authorization\npsk = bearer\nAuthorization: Bearer hunter2hunter2");

    for text in
        ["password=C4nary-1", "Authorization: Bearer C4nary-1", "the password secret: C4nary-1"]
    {
        let redacted = String::from_utf8(redactor.redact(text.as_bytes()).0).unwrap();
        assert!(!redacted.contains("C4nary"), "{redacted}");
    }
}

#[test]
fn a_guest_that_says_many_secrets_keeps_none_of_others_from_being_learnt() {
    let mut redactor = Redactor::new();
    let many: String =
        (0..3000).map(|n| format!("password=junk-of-a-guest-{n}\n")).collect::<Vec<_>>().concat();
    redactor.learn(many.as_bytes());
    redactor.learn(format!("vncpasswd = \"{CANARY}\"").as_bytes());

    let redacted = redactor.redact(format!("it is {CANARY}").as_bytes());

    assert_eq!(redacted.1, 1);
}

#[test]
fn a_known_secret_of_which_only_a_part_was_kept_is_taken_out() {
    let mut redactor = Redactor::new();
    redactor.learn(b"password=C4nary-s3cret");

    for cut in 3..12 {
        let (begun, ended) = "C4nary-s3cret".split_at(cut);
        let text = format!("so {begun}\n... left out ...\n{ended} far");
        let redacted = String::from_utf8(redactor.redact(text.as_bytes()).0).unwrap();

        assert!(redacted.starts_with("so ***") && redacted.ends_with(" far"), "{redacted}");
        assert!(!redacted.contains("C4n") && !redacted.contains("ret"), "{redacted}");
    }
}

#[test]
fn the_lines_of_a_key_are_known_one_by_one() {
    let mut redactor = Redactor::new();
    let key = b"-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEG\nCCqGSM49AwEHBG0wawIBAQQg\n-----END PRIVATE KEY-----";
    redactor.learn(key);

    let (redacted, count) = redactor.redact(b"a line of it: CCqGSM49AwEHBG0wawIBAQQg");

    assert_eq!(count, 1);
    assert!(redacted.starts_with(b"a line of it: ***"));
}

#[test]
fn one_value_looks_the_same_within_a_bundle_and_different_in_the_next() {
    let text = b"password=abcdefgh other_password=abcdefgh third_password=abcdefgX";
    let once = String::from_utf8(Redactor::new().redact(text).0).unwrap();
    let stand_ins: Vec<_> = once.split(' ').filter_map(|part| part.split("***").nth(1)).collect();

    assert_eq!(stand_ins[0], stand_ins[1]);
    let again: BTreeSet<_> = (0..8).map(|_| Redactor::new().redact(text).0).collect();
    assert!(again.len() > 1);
}

#[test]
fn redacting_what_is_redacted_changes_nothing() {
    let redactor = Redactor::new();
    let (once, _) = redactor.redact(b"password = hunter2hunter2\nAuthorization: Bearer abcdefgh");

    let (twice, count) = redactor.redact(&once);

    assert_eq!((twice, count), (once, 0));
}

#[test]
fn bytes_that_are_no_text_do_not_hide_a_secret() {
    let (redacted, count) = Redactor::new().redact(b"\xff\xfepassword=hunter2hunter2\xff");

    assert_eq!(count, 1);
    assert!(!redacted.windows(7).any(|window| window == b"hunter2"));
}
