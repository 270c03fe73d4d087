//! `/etc/local.d/domfleet-scheduler.start`: gives disks scheduler `none` at each boot, where a
//! kernel parameter cannot.

use super::Conflict;

/// All of it. OpenRC's service `local` runs it.
pub(in super::super) const SCRIPT: &[u8] = br#"#!/bin/sh
# Written by domfleet-agent: the order of I/O is left to the disks.
# elevator= on the kernel's command line has no effect on disks with many queues (blk-mq).
for scheduler in /sys/block/*/queue/scheduler; do
    disk=${scheduler#/sys/block/}
    disk=${disk%%/*}
    case $disk in loop* | dm-* | zram* | ram* | md* | nbd* | sr* | fd*) continue ;; esac
    case $(readlink -f "/sys/block/$disk") in */usb*) continue ;; esac
    case $(cat "$scheduler") in *none*) echo none >"$scheduler" ;; esac
done
"#;

/// `current` without it; nothing where there is nothing else.
pub(in super::super) fn undo(current: &[u8]) -> Result<Option<Vec<u8>>, Conflict> {
    if current.trim_ascii().is_empty() {
        return Ok(None);
    }
    let at = current.windows(SCRIPT.len()).position(|part| part == SCRIPT);
    let Some(at) = at else {
        let why = "somebody has changed the script, and what of it is ours cannot be told";
        return Err(Conflict(why.into()));
    };
    let mut rest = current.to_vec();
    rest.drain(at..at + SCRIPT.len());
    Ok((!rest.trim_ascii().is_empty()).then_some(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_script_is_taken_out_of_what_was_added_to_it_and_not_out_of_what_was_changed() {
        let longer = [SCRIPT, b"echo more\n"].concat();
        let changed = [b"#".as_slice(), &SCRIPT[..80]].concat();

        assert_eq!(undo(SCRIPT), Ok(None));
        assert_eq!(undo(&longer), Ok(Some(b"echo more\n".to_vec())));
        assert!(undo(&changed).is_err());
    }
}
