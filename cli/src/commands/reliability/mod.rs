//! `domfleet reliability`: how long things last, of any table.

mod show;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use domfleet_shared::survival::{
    Column, CoxError, CoxReport, Report, Spell, cox, indicators, likelihood_intervals,
};

use self::table::Table;
use crate::args::reliability::Reliability;
use crate::error::Error;
use crate::output::{self, Format};

/// Where more are compared with one another, nothing is found but chance.
const COLUMNS_AT_MOST: usize = 200;

/// Each takes as long as some models, and where so many have few events, none of them decides anything.
const INTERVALS_AT_MOST: usize = 20;

/// Reads the table, and prints what is in it.
pub(super) fn run(format: Format, asked: &Reliability) -> Result<(), Error> {
    let columns: BTreeSet<&str> = [&asked.exit, &asked.event, &asked.group]
        .into_iter()
        .chain(&asked.entry)
        .chain(&asked.id)
        .chain(&asked.cox)
        .map(String::as_str)
        .collect();
    let table = Table::read(&asked.file, &columns)?;
    let spells = spells(&table, asked)?;
    let mut groups: BTreeMap<&str, Vec<Spell>> = BTreeMap::new();
    for (name, spell) in table.texts(&asked.group).zip(&spells) {
        groups.entry(name).or_default().push(*spell);
    }
    let names = groups.keys().map(|name| (*name).to_owned()).collect();
    let groups: Vec<Vec<Spell>> = groups.into_values().collect();
    let mut report = Report::of(names, &groups);
    if !asked.cox.is_empty() {
        report.cox = model(&table, asked, &spells)?;
    }
    if asked.json || format != Format::Table {
        output::json(&report)
    } else {
        show::show(&report);
        Ok(())
    }
}

fn spells(table: &Table, asked: &Reliability) -> Result<Vec<Spell>, Error> {
    let exits = table.numbers(&asked.exit)?;
    let events = table.flags(&asked.event)?;
    let entries = asked.entry.as_deref().map(|entry| table.numbers(entry)).transpose()?;
    let of = exits.into_iter().zip(events).enumerate();
    of.map(|(row, (exit, event))| {
        let spell = match &entries {
            Some(entries) => Spell::late(entries[row], exit, event),
            None => Spell::whole(exit, event),
        };
        spell.map_err(|error| table.fault(row, &error.to_string()))
    })
    .collect()
}

fn model(table: &Table, asked: &Reliability, spells: &[Spell]) -> Result<Option<CoxReport>, Error> {
    let mut columns = Vec::new();
    for name in &asked.cox {
        if table.is_text(name) {
            let texts: Vec<&str> = table.texts(name).collect();
            columns.extend(indicators(name, &texts));
        } else {
            columns.push(Column { name: name.clone(), values: table.numbers(name)? });
        }
    }
    if columns.len() > COLUMNS_AT_MOST {
        let (many, most) = (columns.len(), COLUMNS_AT_MOST);
        return Err(Error::Usage(format!(
            "--cox would have {many} coefficients, and {most} are the most: leave out columns of which nearly \
             every row has a value of its own"
        )));
    }
    let ids = asked.id.as_deref().map(|id| table.numbered(id));
    match cox(spells, &columns, ids.as_deref()) {
        Ok(model) => {
            let mut thin = model.thin();
            thin.truncate(INTERVALS_AT_MOST);
            let thin = likelihood_intervals(spells, &columns, &thin).unwrap_or_else(|error| {
                output::say(&format!("no intervals by the likelihood: {error}"));
                BTreeMap::new()
            });
            Ok(Some(CoxReport::of(model, &thin)))
        }
        Err(error @ CoxError::NoEvent) => {
            output::say(&format!("no Cox model: {error}"));
            Ok(None)
        }
        Err(error) => Err(Error::Usage(error.to_string())),
    }
}
