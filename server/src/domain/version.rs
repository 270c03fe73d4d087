//! The order of versions, as people mean it: `4.9` comes before `4.17`.

use std::cmp::Ordering;

/// Compares two versions part by part: numbers as numbers, other parts as text. A version comes
/// before the same one with more parts.
pub fn compare(a: &str, b: &str) -> Ordering {
    parts(a).cmp(parts(b))
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
    Text(&'a str),
    /// Without leading zeros, by length first: no number is too long.
    Number(usize, &'a str),
}

fn parts(version: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = version;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|letter: char| !letter.is_ascii_alphanumeric());
        let first = rest.chars().next()?;
        let is_number = first.is_ascii_digit();
        let end = rest
            .find(|letter: char| {
                !letter.is_ascii_alphanumeric() || letter.is_ascii_digit() != is_number
            })
            .unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        rest = after;
        Some(if is_number {
            let digits = part.trim_start_matches('0');
            Part::Number(digits.len(), digits)
        } else {
            Part::Text(part)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_in_the_order_that_people_mean() {
        let ordered = ["", "1.9", "1.10", "1.10.1", "2.0-rc1", "2.0.0", "4.9", "4.17", "10"];
        for (i, a) in ordered.iter().enumerate() {
            for (j, b) in ordered.iter().enumerate() {
                assert_eq!(compare(a, b), i.cmp(&j), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn numbers_longer_than_any_integer_are_numbers() {
        let long = format!("1.{}", "9".repeat(60));

        assert_eq!(compare("1.10", &long), Ordering::Less);
    }
}
