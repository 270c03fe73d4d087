//! Numbers, as people read them.

/// With a unit, and one digit behind the point.
pub(super) fn bytes(bytes: u64) -> String {
    const UNITS: [(u64, &str); 4] =
        [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match UNITS.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => {
            let tenths = bytes / (unit / 10);
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        }
        None if bytes == 1 => "1 byte".to_owned(),
        None => format!("{bytes} bytes"),
    }
}

/// Hours and minutes; seconds below two minutes.
pub(super) fn long(seconds: u64) -> String {
    let minutes = seconds.div_ceil(60);
    match (seconds, minutes / 60, minutes % 60) {
        (0..120, ..) => format!("{seconds} s"),
        (_, 0, minutes) => format!("{minutes} min"),
        (_, hours, 0) => format!("{hours} h"),
        (_, hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// A moment so long after the beginning: by the clock where it is known when that is, else as `+H:MM`.
pub(super) fn moment(begins_minute: Option<u16>, seconds: u64) -> String {
    let minutes = seconds / 60;
    match begins_minute {
        None => format!("+{}:{:02}", minutes / 60, minutes % 60),
        Some(begins) => {
            let minutes = u64::from(begins).saturating_add(minutes);
            let days = match minutes / (24 * 60) {
                0 => String::new(),
                days => format!(" (+{days} d)"),
            };
            format!("{:02}:{:02}{days}", minutes / 60 % 24, minutes % 60)
        }
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
