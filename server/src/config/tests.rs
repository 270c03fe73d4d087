use super::*;

fn read(text: &str) -> Result<Config, ConfigError> {
    Config::read(text, |_| None)
}

#[test]
fn a_data_dir_is_enough() {
    let config = read("data_dir = '/var/lib/domfleet'").unwrap();

    assert_eq!(config.database_url(), "sqlite:///var/lib/domfleet/domfleet.sqlite");
    assert_eq!(config.objects_url(), "file:///var/lib/domfleet/objects");
    assert_eq!(config.listen, "0.0.0.0:8443");
}

#[test]
fn a_misspelt_key_is_refused_and_the_nearest_one_named() {
    for (text, nearest) in [
        ("data_dri = '/x'", "data_dir"),
        ("data_dir = '/x'\n[tls]\nkye = 'k'", "tls.key"),
        ("data_dir = '/x'\n[bundle]\nkeep_days = 1", "bundles.keep_days"),
    ] {
        match read(text).unwrap_err() {
            ConfigError::UnknownKey { nearest: found, .. } => assert_eq!(found, nearest),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_environment_wins_over_the_file() {
    let environment = |name: &str| match name {
        "DOMFLEET_TLS_CERT" => Some("/c.pem".to_owned()),
        "DOMFLEET_TLS_KEY" => Some("/k.pem".to_owned()),
        "DOMFLEET_HEARTBEAT_SECONDS" => Some("2".to_owned()),
        _ => None,
    };

    let config = Config::read("data_dir = '/x'\nheartbeat_seconds = 9", environment).unwrap();

    assert_eq!(config.heartbeat_seconds, 2);
    assert_eq!(config.tls.cert.as_deref(), Some(Path::new("/c.pem")));
}

#[test]
fn the_host_is_what_lies_between_the_scheme_and_the_port() {
    for (url, host) in [
        ("https://fleet.example:8443/x", Some("fleet.example")),
        ("https://fleet.example", Some("fleet.example")),
        ("https://192.0.2.7:8443", Some("192.0.2.7")),
        ("https://[2001:db8::1]:8443", Some("[2001:db8::1]")),
        ("https://[2001:db8::1]", Some("[2001:db8::1]")),
        ("nonsense", None),
    ] {
        let config = read(&format!("data_dir = '/x'\npublic_url = '{url}'")).unwrap();
        assert_eq!(config.public_host(), host, "{url}");
    }
}

#[test]
fn a_password_of_digits_in_the_environment_stays_a_text() {
    let environment = |name: &str| match name {
        "DOMFLEET_FIRST_ADMIN_PASSWORD" => Some("0012345678".to_owned()),
        "DOMFLEET_OBJECTS_S3_PATH_STYLE" => Some("false".to_owned()),
        _ => None,
    };

    let config = Config::read("data_dir = '/x'", environment).unwrap();

    assert_eq!(config.first_admin.password.as_deref(), Some("0012345678"));
    assert!(!config.objects.s3.path_style);
}

#[test]
fn a_key_for_s3_is_whole_and_in_no_log() {
    let half = read("data_dir = '/x'\n[objects.s3]\naccess_key = 'a'").unwrap_err();
    let config =
        read("data_dir = '/x'\n[objects.s3]\naccess_key = 'a'\nsecret_key = 'hidden'").unwrap();

    assert!(matches!(half, ConfigError::Unfit(_)));
    assert!(!format!("{config:?}").contains("hidden"));
    assert_eq!(config.objects.s3.secret_key.unwrap().reveal(), "hidden");
}

#[test]
fn half_a_certificate_is_refused() {
    let error = read("data_dir = '/x'\n[tls]\ncert = 'c'").unwrap_err();

    assert!(matches!(error, ConfigError::Unfit(_)));
}
