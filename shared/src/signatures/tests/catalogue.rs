//! The catalogue against its own samples.

use super::*;

fn ids(line: &str) -> Vec<String> {
    scanned(line.as_bytes()).into_iter().map(|finding| finding.signature).collect()
}

#[test]
fn every_sample_has_its_signature_and_no_other() {
    let mut samples = 0;
    for signature in catalogue().signatures() {
        let variants = signature.variants.iter().flat_map(|variant| &variant.samples);
        for sample in signature.samples.iter().chain(variants) {
            let (own, others): (Vec<_>, Vec<_>) =
                ids(sample).into_iter().partition(|id| *id == signature.id);
            assert_eq!(own.len(), 1, "{}: {sample}", signature.id);
            assert!(others.iter().all(|id| signature.also.contains(id)), "{sample}: {others:?}");
            samples += 1;
        }
    }
    assert!(samples > 80, "{samples}");
}

#[test]
fn nothing_worse_than_good_to_know_is_found_in_any_near_miss() {
    for signature in catalogue().signatures() {
        for line in &signature.near_misses {
            let found = scanned(line.as_bytes());
            let grave = found.iter().filter(|finding| finding.severity > Severity::Info);
            assert_eq!(grave.count(), 0, "{line}");
            assert!(found.iter().all(|finding| finding.signature != signature.id), "{line}");
        }
    }
}

#[test]
fn every_pattern_is_in_a_sample_and_every_signature_says_what_to_do() {
    assert_eq!(catalogue().signatures().len(), 30);
    for signature in catalogue().signatures() {
        assert!(signature.advice.len() > 40, "{}", signature.id);
        assert!(!signature.samples.is_empty() && !signature.near_misses.is_empty());
        for (_, patterns, samples) in signature.forms() {
            for pattern in patterns {
                let regex = regex::Regex::new(pattern).unwrap();
                assert!(samples.iter().any(|sample| regex.is_match(sample)), "{pattern}");
            }
        }
    }
}

#[test]
fn a_line_that_is_no_utf8_hides_nothing() {
    let mut line =
        b"\xff\xfe[    1.0] \xc3( INFO: task \xf0\x28:311 blocked for more than 120 seconds.\xff"
            .to_vec();
    let found = scanned(&line[..]);
    assert_eq!(told(&found), ["hung_task high 1 x1"]);
    assert!(found[0].text.contains("blocked"));
    assert_eq!(found[0].fields["pid"], "311");

    line.splice(0..0, *b"\0\0\0\0");
    assert_eq!(scanned(&line[..]).len(), 1);
}
