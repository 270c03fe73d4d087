use std::os::unix::fs::PermissionsExt as _;

use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, CertificateSigningRequestDer};

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

fn request(algorithm: &'static rcgen::SignatureAlgorithm) -> (KeyPair, String) {
    let key = KeyPair::generate_for(algorithm).unwrap();
    let csr = CertificateParams::default().serialize_request(&key).unwrap();
    (key, csr.pem().unwrap())
}

fn der(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

#[test]
fn an_authority_is_made_once_and_read_ever_after() {
    let dir = tempfile::tempdir().unwrap();

    let first = Pki::open(dir.path(), Some("fleet.example"), NOW).unwrap();
    let second = Pki::open(dir.path(), Some("fleet.example"), NOW + DAY).unwrap();

    assert_eq!(first.ca_sha256(NOW).unwrap(), second.ca_sha256(NOW).unwrap());
    assert_eq!(first.server_key().cert, second.server_key().cert);
}

#[test]
fn nobody_else_may_read_a_key() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("pki");

    Pki::open(&dir, None, NOW).unwrap();

    for (name, mode) in
        [("", 0o700), ("ca.key", 0o600), ("server.pem", 0o600), ("browsers.pem", 0o600)]
    {
        let permissions = std::fs::metadata(dir.join(name)).unwrap().permissions();
        assert_eq!(permissions.mode() & 0o777, mode, "{name}");
    }
}

#[test]
fn a_lost_key_is_told_and_not_made_up_for() {
    let dir = tempfile::tempdir().unwrap();
    Pki::open(dir.path(), None, NOW).unwrap();
    std::fs::remove_file(dir.path().join("ca.key")).unwrap();

    let error = Pki::open(dir.path(), None, NOW).unwrap_err();

    assert!(matches!(error, PkiError::KeyMissing(_)), "{error:?}");
}

#[test]
fn a_first_start_that_was_cut_between_key_and_certificate_begins_again() {
    let dir = tempfile::tempdir().unwrap();
    Pki::open(dir.path(), None, NOW).unwrap();
    std::fs::remove_file(dir.path().join("ca.pem")).unwrap();

    Pki::open(dir.path(), None, NOW).unwrap();

    assert!(dir.path().join("ca.pem").exists());
}

#[test]
fn another_s_key_beside_the_certificate_is_damage() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    Pki::open(dir.path(), None, NOW).unwrap();
    Pki::open(other.path(), None, NOW).unwrap();
    std::fs::copy(other.path().join("ca.key"), dir.path().join("ca.key")).unwrap();

    assert!(matches!(Pki::open(dir.path(), None, NOW), Err(PkiError::Damaged(_))));
}

#[test]
fn the_server_s_certificate_is_renewed_in_time_and_for_a_new_name() {
    let dir = tempfile::tempdir().unwrap();
    let pki = Pki::open(dir.path(), None, NOW).unwrap();
    let first = pki.server_key();

    assert!(!pki.maintain(NOW + DAY * 59).unwrap());
    assert!(pki.maintain(NOW + DAY * 61).unwrap());
    let second = pki.server_key();
    let renamed = Pki::open(dir.path(), Some("new.example"), NOW + DAY * 62).unwrap().server_key();

    assert_ne!(first.cert, second.cert);
    let names = certificate_facts(&renamed.cert[0]).unwrap().names;
    assert_eq!(names, ["127.0.0.1", "::1", "localhost", "new.example", SERVER_NAME]);
}

#[test]
fn agents_are_shown_what_began_long_ago_and_browsers_what_none_of_them_refuses() {
    let dir = tempfile::tempdir().unwrap();
    let days = |key: &CertifiedKey| {
        let facts = certificate_facts(&key.cert[0]).unwrap();
        (facts.not_before, facts.not_after.since(facts.not_before).as_secs() / DAY.as_secs())
    };
    let pki = Pki::open(dir.path(), None, NOW).unwrap();
    let first = pki.browsers_key();

    assert_eq!(days(&pki.server_key()).0, LONG_AGO);
    assert_eq!(days(&first), (NOW - DAY, 91));
    assert_eq!(pki.server_key().cert[1], first.cert[1]);
    assert!(pki.maintain(NOW + DAY * 61).unwrap());
    assert_ne!(pki.browsers_key().cert, first.cert);
    assert_eq!(days(&pki.browsers_key()), (NOW + DAY * 60, 91));
    // It was made by a clock that was wrong: browsers would wait for that day.
    let back = Pki::open(dir.path(), None, NOW).unwrap();
    assert_eq!(days(&back.browsers_key()), (NOW - DAY, 91));
}

#[test]
fn an_appliance_s_certificate_is_a_client_s_and_takes_nothing_from_the_request_but_the_key() {
    let dir = tempfile::tempdir().unwrap();
    let pki = Pki::open(dir.path(), None, NOW).unwrap();
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let mut wish = CertificateParams::new(vec![SERVER_NAME.to_owned()]).unwrap();
    wish.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    wish.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let csr = Csr::parse(&wish.serialize_request(&key).unwrap().pem().unwrap()).unwrap();
    let appliance = ApplianceId::new();

    let issued = pki.issue(&csr, appliance, NOW).unwrap();

    let der = der(&issued.certificate_pem);
    let facts = certificate_facts(&der).unwrap();
    assert_eq!(facts.common_name, Some(appliance.to_string()));
    assert_eq!(facts.spki_sha256, csr.spki_sha256());
    assert_eq!(facts.not_after.as_millis(), (NOW + DAY * 90).as_millis());
    assert!(facts.names.is_empty());
    let (_, parsed) = x509_parser::parse_x509_certificate(&der).unwrap();
    assert!(!parsed.is_ca());
    let usage = parsed.extended_key_usage().unwrap().unwrap().value;
    assert!(usage.client_auth && !usage.server_auth && !usage.any);
}

#[test]
fn two_certificates_for_one_key_have_numbers_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    let pki = Pki::open(dir.path(), None, NOW).unwrap();
    let csr = Csr::parse(&request(&PKCS_ECDSA_P256_SHA256).1).unwrap();
    let serial = || {
        let issued = pki.issue(&csr, ApplianceId::new(), NOW).unwrap();
        let der = der(&issued.certificate_pem);
        x509_parser::parse_x509_certificate(&der).unwrap().1.raw_serial().to_vec()
    };

    assert_ne!(serial(), serial());
}

#[test]
fn requests_that_are_none_are_refused() {
    let (_, good) = request(&PKCS_ECDSA_P256_SHA256);
    let swapped = {
        // The body of one request under the signature of another.
        let other = request(&PKCS_ECDSA_P256_SHA256).1;
        let bytes = |pem: &str| {
            CertificateSigningRequestDer::from_pem_slice(pem.as_bytes()).unwrap().to_vec()
        };
        let (mut body, signature) = (bytes(&good), bytes(&other));
        let from = body.len() - 40;
        let tail = signature[signature.len() - 40..].to_vec();
        body[from..].copy_from_slice(&tail);
        pem("CERTIFICATE REQUEST", &body)
    };

    let cases = [
        (String::new(), CsrError::Malformed),
        ("hello".to_owned(), CsrError::Malformed),
        (good[..good.len() / 2].to_owned(), CsrError::Malformed),
        ("x".repeat(9000), CsrError::TooLong),
        (request(&PKCS_ECDSA_P384_SHA384).1, CsrError::KeyType),
        (request(&PKCS_ED25519).1, CsrError::KeyType),
        (swapped, CsrError::Signature),
    ];

    for (text, expected) in cases {
        assert_eq!(Csr::parse(&text).unwrap_err(), expected, "{text:.60}");
    }
    assert!(Csr::parse(&good).is_ok());
}

fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> =
        body.as_bytes().chunks(64).map(|l| std::str::from_utf8(l).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

#[test]
fn a_successor_is_trusted_for_years_before_it_signs() {
    let dir = tempfile::tempdir().unwrap();
    let year = DAY * 365;
    let pki = Pki::open(dir.path(), None, NOW).unwrap();
    let first = pki.ca_sha256(NOW).unwrap();
    let bundle = |pki: &Pki| pki.trust_bundle_pem().matches("BEGIN CERTIFICATE").count();
    assert_eq!(bundle(&pki), 1);

    let later = NOW + year * 16;
    assert!(pki.maintain(later).unwrap());
    assert_eq!(bundle(&pki), 2);
    assert_eq!(pki.ca_sha256(later).unwrap(), first);

    let late = NOW + year * 19;
    pki.maintain(late).unwrap();
    let (_, csr) = request(&PKCS_ECDSA_P256_SHA256);
    pki.issue(&Csr::parse(&csr).unwrap(), ApplianceId::new(), late).unwrap();
    assert_ne!(pki.ca_sha256(late).unwrap(), first);
    assert_eq!(pki.roots().unwrap().len(), 2);
    assert_eq!(sha256_hex(&pki.server_key().cert[1]), pki.ca_sha256(late).unwrap());
}
