//! Historic uptimes, as somebody wrote them down: one row of a table for each boot, or for each part of one in which
//! nothing changed.

use std::sync::Arc;

use super::interval::{COMPONENTS, End, Interval, Values};
use crate::boot::BootEnd;
use crate::component::Component;

/// What is in which column of such a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns(Vec<Meaning>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Appliance,
    Boot,
    EntryDays,
    ExitDays,
    End,
    Of(Component),
    Remark,
}

/// What is wrong with such a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// What somebody misspelt would be missing without a word.
    #[error(
        "there is no column `{name}`; there are {}. Begin the name of a column that is to be left out with #",
        known().join(", ")
    )]
    UnknownColumn {
        /// As it is called.
        name: String,
    },
    /// A column has to be there once.
    #[error("the column `{name}` is {}: it must be there once", if *.count == 0 { "missing" } else { "there twice" })]
    Column {
        /// Of the column.
        name: &'static str,
        /// How often it is there.
        count: usize,
    },
    /// Something in a row makes no sense.
    #[error("line {line}, column `{column}`: {why}")]
    Field {
        /// Counted from 1, with the header.
        line: usize,
        /// Of the field.
        column: &'static str,
        /// What is wrong.
        why: String,
    },
    /// A row does not fit the header.
    #[error("line {line}: it has {fields} fields, the header has {columns}")]
    Uneven {
        /// Counted from 1, with the header.
        line: usize,
        /// In the row.
        fields: usize,
        /// In the header.
        columns: usize,
    },
}

impl Columns {
    /// By the names in the header: `appliance`, `exit_days` (the uptime) and `end` (how it ended, or `running`),
    /// `entry_days` (the uptime from which on it was watched; 0 where it is not given), `boot` (where a boot has
    /// several rows), and any component.
    ///
    /// A column that nobody knows is refused, unless its name begins with `#`.
    pub fn of<'h>(header: impl IntoIterator<Item = &'h str>) -> Result<Self, ImportError> {
        let columns: Vec<Meaning> =
            header.into_iter().map(Meaning::of).collect::<Result<_, _>>()?;
        let needed = [Meaning::Appliance, Meaning::ExitDays, Meaning::End];
        for meaning in ALL.into_iter().chain(COMPONENTS.map(Meaning::Of)) {
            let count = columns.iter().filter(|column| **column == meaning).count();
            if count > 1 || (count == 0 && needed.contains(&meaning)) {
                return Err(ImportError::Column { name: meaning.name(), count });
            }
        }
        Ok(Self(columns))
    }

    /// A row, of line `line`.
    ///
    /// Of a boot that still runs it has to be said since when it is watched: who lists what runs leaves out what
    /// froze, so the time before the list was made says nothing.
    pub fn interval<'f>(
        &self,
        line: usize,
        fields: impl IntoIterator<Item = &'f str>,
    ) -> Result<Interval, ImportError> {
        let fields: Vec<&str> = fields.into_iter().map(str::trim).collect();
        if fields.len() != self.0.len() {
            let (fields, columns) = (fields.len(), self.0.len());
            return Err(ImportError::Uneven { line, fields, columns });
        }
        let wrong = |meaning: Meaning, why: String| ImportError::Field {
            line,
            column: meaning.name(),
            why,
        };
        let field = |meaning| {
            let at = self.0.iter().position(|column| *column == meaning)?;
            fields.get(at).copied().filter(|field| !field.is_empty())
        };
        let days = |meaning| match field(meaning).map(|field| (field, field.parse::<f64>())) {
            None => Ok(None),
            Some((_, Ok(days))) if (0.0..=LONGEST).contains(&days) => Ok(Some(days)),
            Some((field, _)) => {
                let why = format!("`{field}` is no number of days from 0 to {LONGEST}");
                Err(wrong(meaning, why))
            }
        };
        let Some(appliance) = field(Meaning::Appliance) else {
            return Err(wrong(
                Meaning::Appliance,
                "it is empty; give each appliance a name".into(),
            ));
        };
        let Some(exit_days) = days(Meaning::ExitDays)? else {
            return Err(wrong(Meaning::ExitDays, "it is empty; give the uptime in days".into()));
        };
        let end = match field(Meaning::End).map(|field| (field, ends(field))) {
            Some((_, Some(end))) => end,
            other => {
                let found = other.map_or("", |(field, _)| field);
                let why = format!("`{found}` is none of running, {}", ENDS.map(name).join(", "));
                return Err(wrong(Meaning::End, why));
            }
        };
        let entry_days = match days(Meaning::EntryDays)? {
            Some(days) => days,
            None if end == End::Alive => {
                let why = "say since which uptime it is watched: what is listed because it runs says \
                           nothing of the time before";
                return Err(wrong(Meaning::EntryDays, why.into()));
            }
            None => 0.0,
        };
        if exit_days <= entry_days {
            let why = format!("{exit_days} must be more than entry_days, which is {entry_days}");
            return Err(wrong(Meaning::ExitDays, why));
        }
        let value = |component| Some((component, field(Meaning::Of(component))?.to_owned()));
        let values: Values = COMPONENTS.into_iter().filter_map(value).collect();
        let boot = field(Meaning::Boot).map_or_else(|| format!("line {line}"), str::to_owned);
        Ok(Interval {
            appliance: appliance.into(),
            boot: boot.into(),
            entry_days,
            exit_days,
            end,
            values: Arc::new(values),
        })
    }
}

/// No uptime is longer, in days.
const LONGEST: f64 = 7320.0;

const ALL: [Meaning; 5] =
    [Meaning::Appliance, Meaning::Boot, Meaning::EntryDays, Meaning::ExitDays, Meaning::End];

impl Meaning {
    fn of(name: &str) -> Result<Self, ImportError> {
        let name = name.trim();
        if name.starts_with('#') {
            return Ok(Self::Remark);
        }
        let mut all = ALL.into_iter().chain(COMPONENTS.map(Self::Of));
        all.find(|meaning| meaning.name() == name)
            .ok_or_else(|| ImportError::UnknownColumn { name: name.to_owned() })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Appliance => "appliance",
            Self::Boot => "boot",
            Self::EntryDays => "entry_days",
            Self::ExitDays => "exit_days",
            Self::End => "end",
            Self::Of(component) => component.as_str(),
            Self::Remark => "#",
        }
    }
}

fn known() -> Vec<&'static str> {
    ALL.into_iter().chain(COMPONENTS.map(Meaning::Of)).map(Meaning::name).collect()
}

const ENDS: [BootEnd; 9] = [
    BootEnd::Clean,
    BootEnd::Upgrade,
    BootEnd::Panic,
    BootEnd::Watchdog,
    BootEnd::Hang,
    BootEnd::PowerLoss,
    BootEnd::Provoked,
    BootEnd::Unknown,
    BootEnd::Lost,
];

fn name(end: BootEnd) -> &'static str {
    match end {
        BootEnd::Clean => "clean",
        BootEnd::Upgrade => "upgrade",
        BootEnd::Panic => "panic",
        BootEnd::Watchdog => "watchdog",
        BootEnd::Hang => "hang",
        BootEnd::PowerLoss => "power_loss",
        BootEnd::Provoked => "provoked",
        BootEnd::Unknown => "unknown",
        BootEnd::Lost => "lost",
    }
}

fn ends(field: &str) -> Option<End> {
    if field == "running" {
        return Some(End::Alive);
    }
    ENDS.into_iter().find(|end| name(*end) == field).map(End::Ended)
}
