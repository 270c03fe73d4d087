//! Unified diffs of small texts, for people.

use std::fmt::Write as _;

/// Unchanged lines that are shown around what changed.
const CONTEXT: usize = 3;
/// Beyond so many pairs of lines the changed part is shown as a whole.
const PAIRS: usize = 1 << 22;

/// A line, and on which side it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edit<'t> {
    Keep(&'t str),
    Remove(&'t str),
    Add(&'t str),
}

/// What turns `before` into `after`: empty where they are equal. What is not there is `/dev/null`.
pub(super) fn unified(path: &str, before: Option<&[u8]>, after: Option<&[u8]>) -> String {
    if before == after {
        return String::new();
    }
    let text =
        |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
    let (old, new) = (text(before), text(after));
    let edits = edits(&lines(&old), &lines(&new));
    let name = |side: Option<&[u8]>| if side.is_some() { path } else { "/dev/null" }.to_owned();
    let mut diff = format!("--- {}\n+++ {}\n", name(before), name(after));
    for (start, end) in hunks(&edits) {
        hunk(&mut diff, &edits, start, end);
    }
    diff
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

fn edits<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<Edit<'t>> {
    let first = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) =
        (old.get(first..).unwrap_or_default(), new.get(first..).unwrap_or_default());
    let same = old_rest.iter().rev().zip(new_rest.iter().rev());
    let last = same.take_while(|(a, b)| a == b).count();
    let old_middle = old_rest.get(..old_rest.len() - last).unwrap_or_default();
    let new_middle = new_rest.get(..new_rest.len() - last).unwrap_or_default();
    let mut all: Vec<Edit<'t>> = old.iter().take(first).map(|line| Edit::Keep(line)).collect();
    all.extend(middle(old_middle, new_middle));
    all.extend(old_rest.iter().skip(old_middle.len()).map(|line| Edit::Keep(line)));
    all
}

/// By the longest common subsequence.
fn middle<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<Edit<'t>> {
    let width = new.len() + 1;
    if old.len().saturating_add(1).saturating_mul(width) > PAIRS {
        let removed = old.iter().map(|line| Edit::Remove(line));
        return removed.chain(new.iter().map(|line| Edit::Add(line))).collect();
    }
    // How many lines have in common what follows each pair of places.
    let mut common = vec![0_u32; (old.len() + 1) * width];
    let at = |table: &[u32], i: usize, j: usize| table.get(i * width + j).copied().unwrap_or(0);
    for (i, a) in old.iter().enumerate().rev() {
        for (j, b) in new.iter().enumerate().rev() {
            let longest = if a == b {
                at(&common, i + 1, j + 1) + 1
            } else {
                at(&common, i + 1, j).max(at(&common, i, j + 1))
            };
            if let Some(cell) = common.get_mut(i * width + j) {
                *cell = longest;
            }
        }
    }
    let (mut i, mut j, mut found) = (0, 0, Vec::new());
    loop {
        match (old.get(i), new.get(j)) {
            (Some(a), Some(b)) if a == b => {
                found.push(Edit::Keep(a));
                (i, j) = (i + 1, j + 1);
            }
            (Some(a), b) if b.is_none() || at(&common, i + 1, j) >= at(&common, i, j + 1) => {
                found.push(Edit::Remove(a));
                i += 1;
            }
            (_, Some(b)) => {
                found.push(Edit::Add(b));
                j += 1;
            }
            _ => return found,
        }
    }
}

/// Where changes are, with what is shown around them.
fn hunks(edits: &[Edit<'_>]) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (at, _) in edits.iter().enumerate().filter(|(_, edit)| !matches!(edit, Edit::Keep(_))) {
        let (start, end) = (at.saturating_sub(CONTEXT), (at + 1 + CONTEXT).min(edits.len()));
        match found.last_mut() {
            Some(last) if start <= last.1 => last.1 = end,
            _ => found.push((start, end)),
        }
    }
    found
}

fn hunk(diff: &mut String, edits: &[Edit<'_>], start: usize, end: usize) {
    let count = |from: usize, to: usize, is_old: bool| {
        let side = edits.iter().take(to).skip(from);
        side.filter(|edit| match edit {
            Edit::Keep(_) => true,
            Edit::Remove(_) => is_old,
            Edit::Add(_) => !is_old,
        })
        .count()
    };
    let range = |is_old: bool| {
        let (before, own) = (count(0, start, is_old), count(start, end, is_old));
        // Of nothing, the line before it is named.
        let first = if own == 0 { before } else { before + 1 };
        if own == 1 { first.to_string() } else { format!("{first},{own}") }
    };
    // Into a text: none of this can fail.
    writeln!(diff, "@@ -{} +{} @@", range(true), range(false)).ok();
    for edit in edits.iter().take(end).skip(start) {
        let (sign, line) = match edit {
            Edit::Keep(line) => (' ', line),
            Edit::Remove(line) => ('-', line),
            Edit::Add(line) => ('+', line),
        };
        let end = if line.ends_with('\n') { "" } else { "\n\\ No newline at end of file\n" };
        write!(diff, "{sign}{line}{end}").ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diff(before: &str, after: &str) -> String {
        unified("/a", Some(before.as_bytes()), Some(after.as_bytes()))
    }

    #[test]
    fn a_diff_is_what_other_tools_print() {
        assert_eq!(
            diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n10\nx\n"),
            "--- /a\n+++ /a\n@@ -2,9 +2,10 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n 9\n 10\n+x\n"
        );
        assert_eq!(
            diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "0\n2\n3\n4\n5\n6\n7\n8\nnine"),
            "--- /a\n+++ /a\n@@ -1,4 +1,4 @@\n-1\n+0\n 2\n 3\n 4\n@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n\
             +nine\n\\ No newline at end of file\n"
        );
    }

    #[test]
    fn what_is_not_there_is_dev_null_and_what_is_equal_has_no_diff() {
        assert_eq!(unified("/a", None, Some(b"x\n")), "--- /dev/null\n+++ /a\n@@ -0,0 +1 @@\n+x\n");
        assert_eq!(unified("/a", Some(b"x\n"), None), "--- /a\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n");
        assert_eq!(diff("x", "x"), "");
    }
}
