//! Files that never leave an appliance: of them name, size and time are told, and nothing else.

/// By name.
const NAMES: [&str; 12] = [
    "shadow",
    "shadow-",
    "gshadow",
    "gshadow-",
    "wpa_supplicant.conf",
    "sip.conf",
    "pjsip.conf",
    "iax.conf",
    "users.conf",
    ".netrc",
    ".pgpass",
    "identity",
];
/// By the end of the name.
const ENDINGS: [&str; 7] = [".key", ".p12", ".pfx", ".jks", ".kdbx", "-secrets", ".ovpn"];

/// Whether the file at `path` is one.
pub fn is_withheld(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let name = lower.rsplit('/').next().unwrap_or_default();
    let is_public = name.rsplit_once('.').is_some_and(|(_, ending)| ending == "pub");
    let is_ssh_key = name.starts_with("ssh_host_") || name.starts_with("id_");
    let is_of_asterisk = lower.contains("/asterisk/");
    !is_public
        && (NAMES.contains(&name)
            || ENDINGS.iter().any(|ending| name.ends_with(ending))
            || is_ssh_key
            || is_of_asterisk)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_passwords_and_accounts_are_withheld_and_nothing_beside_them() {
        for path in [
            "/etc/shadow",
            "/etc/ssh/ssh_host_ed25519_key",
            "/home/admin/.ssh/id_rsa",
            "/etc/xen/tls/server.KEY",
            "/etc/ssl/box.p12",
            "/etc/wpa_supplicant/wpa_supplicant.conf",
            "/etc/asterisk/manager.conf",
            "/data/pbx/sip.conf",
            "/etc/ppp/chap-secrets",
        ] {
            assert!(is_withheld(path), "{path}");
        }
        for path in
            ["/etc/xen/pbx.cfg", "/etc/ssh/ssh_host_rsa_key.pub", "/etc/fstab", "/etc/keymap"]
        {
            assert!(!is_withheld(path), "{path}");
        }
    }
}
