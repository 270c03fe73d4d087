//! The words for a stress run.

use clap::Args as ClapArgs;

use super::Waiting;

#[derive(Debug, ClapArgs)]
pub(crate) struct Stress {
    /// Name, id, or the beginning of an id.
    pub(crate) appliance: String,
    /// Its name again: dom0 may freeze, and with it every VM.
    #[arg(long)]
    pub(crate) confirm: String,
    /// For how long, such as 20s, 90m or 8h; 8h where it is not said.
    #[arg(long = "for", value_name = "TIME", value_parser = seconds)]
    pub(crate) seconds: Option<u32>,
    /// How many processes write and read at once; 5 where it is not said.
    #[arg(long)]
    pub(crate) jobs: Option<u32>,
    /// How many MiB the file of each has; 800 where it is not said.
    #[arg(long, value_name = "MIB")]
    pub(crate) size: Option<u64>,
    /// The folder in dom0 whose disk is put under load; the agent's own where it is not said.
    #[arg(long)]
    pub(crate) folder: Option<String>,
    /// Go on although not every VM has a verified backup that is newer than its last start.
    #[arg(long)]
    pub(crate) waive_backups: bool,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

fn seconds(text: &str) -> Result<u32, String> {
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(number) => (number, text.chars().next_back().unwrap_or('s')),
        None => (text, 's'),
    };
    let factor = match unit {
        'h' => 3600,
        'm' => 60,
        _ => 1,
    };
    let number = number.parse::<u32>().ok();
    number
        .and_then(|number| number.checked_mul(factor))
        .ok_or_else(|| "a time is a number and s, m or h, such as 20s or 8h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_with_or_without_a_unit() {
        assert_eq!(seconds("20s"), Ok(20));
        assert_eq!(seconds("90m"), Ok(5_400));
        assert_eq!(seconds("8h"), Ok(28_800));
        assert_eq!(seconds("45"), Ok(45));
        for wrong in ["", "h", "-1s", "1.5h", "9999999h", "8 h"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
