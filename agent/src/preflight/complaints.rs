//! What the kernel has said against a disk.

use crate::dom0::KernelMessage;

/// Nobody reads more of them.
const MOST: usize = 20;
/// An error and worse.
const ERROR: u8 = 3;

/// Errors of the devices that are called so, since the kernel has found them last: what was said before was said
/// of another drive that had the name.
pub(crate) fn complaints(messages: &[KernelMessage], names: &[String]) -> Vec<String> {
    let names_it = |message: &KernelMessage| {
        let mut words = message.text.split(|letter: char| !letter.is_ascii_alphanumeric());
        words.any(|word| names.iter().any(|name| name == word))
    };
    let found = |message: &KernelMessage| names_it(message) && message.text.contains("] Attached ");
    let since = messages.iter().rposition(found).map_or(0, |at| at + 1);
    let is_error = |message: &&KernelMessage| {
        message.level <= ERROR && message.text.to_lowercase().contains("error") && names_it(message)
    };
    let all: Vec<&KernelMessage> =
        messages.get(since..).unwrap_or_default().iter().filter(is_error).collect();
    let from = all.len().saturating_sub(MOST);
    all.get(from..).unwrap_or_default().iter().map(|message| message.text.clone()).collect()
}
