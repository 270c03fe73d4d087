//! What the allocator is told, once, at the start (`docs/decisions/0008-memory-goes-back.md`).

/// What is at least this large is mapped by itself, and goes back the moment that it is freed.
const MAPPED_FROM: i32 = 256 * 1024;
/// So much may lie free at the end of a heap before it goes back.
const KEPT: i32 = 256 * 1024;
/// A heap of its own for each thread is quicker, but each keeps what it once held.
const MOST_HEAPS: usize = 4;

/// Has memory go back that is no longer used. To be called before there are threads.
pub fn be_frugal() {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let heaps = i32::try_from(cores.min(MOST_HEAPS)).unwrap_or(1);
    for (option, value) in [
        (libc::M_MMAP_THRESHOLD, MAPPED_FROM),
        (libc::M_TRIM_THRESHOLD, KEPT),
        (libc::M_ARENA_MAX, heaps),
    ] {
        #[expect(unsafe_code, reason = "three numbers for glibc, which checks them")]
        // SAFETY: it takes any numbers, and nothing of ours depends on what it does with them.
        let understood = unsafe { libc::mallopt(option, value) };
        if understood == 0 {
            tracing::warn!(option, value, "the allocator does not know this option");
        }
    }
}

/// Gives back what lies free between what is in use: after a fleet has come back at once, that is as
/// much as all that is in use.
pub fn give_back() {
    #[expect(unsafe_code, reason = "asks glibc to look for free pages")]
    // SAFETY: it changes nothing that can be seen, but how much memory the process has.
    let _some = unsafe { libc::malloc_trim(0) };
}
