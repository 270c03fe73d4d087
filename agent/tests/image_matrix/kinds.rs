//! Every kind of image that an appliance may hold, made and broken with QEMU's tools, and its rule.

use super::bench::Bench;

/// What becomes of an image.
pub(crate) enum End {
    /// It is converted, and the result is the same disk.
    Converted,
    /// It is refused, and nothing is left.
    Refused,
}

pub(crate) struct Row {
    pub(crate) input: &'static str,
    /// Makes `disk`.
    pub(crate) make: fn(&Bench),
    /// What `image check` ends with.
    pub(crate) code: i32,
    pub(crate) verdict: &'static str,
    /// A part of what it says.
    pub(crate) reason: &'static str,
    pub(crate) end: End,
}

pub(crate) const GOOD: i32 = 0;
pub(crate) const NOT_AS_IT_IS: i32 = 1;

pub(crate) fn rows() -> Vec<Row> {
    let row =
        |input, make, code, verdict, reason, end| Row { input, make, code, verdict, reason, end };
    vec![
        row("clean", clean, GOOD, "ok", "", End::Converted),
        row("leaked clusters", leaks, GOOD, "leaks", "waste 65536 bytes", End::Converted),
        row("unclean", unclean, NOT_AS_IT_IS, "unclean", "did not close it", End::Refused),
        row("cross-linked", crossed, NOT_AS_IT_IS, "corrupt", "something else too", End::Refused),
        row("beyond its end", beyond, NOT_AS_IT_IS, "corrupt", "beyond the end", End::Refused),
        row("truncated", truncated, NOT_AS_IT_IS, "corrupt", "beyond the end", End::Refused),
        row("marked", marked, NOT_AS_IT_IS, "corrupt", "marked as corrupt", End::Refused),
        row("snapshots", snapshots, GOOD, "ok", "snapshots of its own (2)", End::Converted),
        row("backing file", backed, GOOD, "ok", "", End::Converted),
        row("no base", baseless, NOT_AS_IT_IS, "missing_backing", "based on another", End::Refused),
        row(
            "no data",
            dataless,
            NOT_AS_IT_IS,
            "missing_backing",
            "data is in another",
            End::Refused,
        ),
        row("compressed", compressed, GOOD, "ok", "", End::Converted),
        row("LUKS", luks, NOT_AS_IT_IS, "encrypted", "decrypt it", End::Refused),
        row("qcow", qcow, GOOD, "uncheckable", "counts nothing", End::Converted),
        row("raw", raw, GOOD, "uncheckable", "", End::Converted),
        row("vmdk", vmdk, NOT_AS_IT_IS, "uncheckable", "none of the formats", End::Refused),
        row("empty", empty, NOT_AS_IT_IS, "uncheckable", "no disk in it", End::Refused),
    ]
}

pub(crate) fn clean(bench: &Bench) {
    bench.disk("disk", "compat=1.1");
}

pub(crate) fn leaks(bench: &Bench) {
    clean(bench);
    bench.patch("disk", bench.first_l2("disk"), &[0; 8]);
}

pub(crate) fn unclean(bench: &Bench) {
    bench.disk("disk", "compat=1.1,lazy_refcounts=on");
    bench.io_killed("disk", "write -q -P 3 40M 2M");
}

pub(crate) fn crossed(bench: &Bench) {
    clean(bench);
    let l2 = bench.first_l2("disk");
    bench.patch("disk", l2 + 8, &bench.number("disk", l2).to_be_bytes());
}

pub(crate) fn beyond(bench: &Bench) {
    clean(bench);
    let entry = 1 << 63 | 0x7fff_0000_u64;
    bench.patch("disk", bench.first_l2("disk"), &entry.to_be_bytes());
}

pub(crate) fn truncated(bench: &Bench) {
    clean(bench);
    let file = std::fs::OpenOptions::new().write(true).open(bench.path("disk")).unwrap();
    file.set_len(file.metadata().unwrap().len() / 2).unwrap();
}

pub(crate) fn marked(bench: &Bench) {
    clean(bench);
    bench.patch("disk", 79, &[2]);
}

pub(crate) fn snapshots(bench: &Bench) {
    clean(bench);
    bench.img(&["snapshot", "-c", "before the update", "disk"]);
    bench.io("disk", &["write -q -P 1 512k 1M"]);
    bench.img(&["snapshot", "-c", "after", "disk"]);
}

pub(crate) fn backed(bench: &Bench) {
    bench.disk("base", "compat=1.1");
    bench.img(&["create", "-q", "-f", "qcow2", "-b", "base", "-F", "qcow2", "disk"]);
    bench.io("disk", &["write -q -P 9 500k 1M"]);
}

pub(crate) fn baseless(bench: &Bench) {
    backed(bench);
    std::fs::remove_file(bench.path("base")).unwrap();
}

pub(crate) fn dataless(bench: &Bench) {
    bench.disk("disk", "compat=1.1,data_file=apart");
    std::fs::remove_file(bench.path("apart")).unwrap();
}

pub(crate) fn compressed(bench: &Bench) {
    bench.disk("plain", "compat=1.1");
    bench.img(&["convert", "-c", "-O", "qcow2", "plain", "disk"]);
}

pub(crate) fn luks(bench: &Bench) {
    let options = "encrypt.format=luks,encrypt.key-secret=key,encrypt.iter-time=10";
    let create = ["create", "-q", "--object", "secret,id=key,data=abc", "-f", "qcow2"];
    bench.img(&[create.as_slice(), &["-o", options, "disk", "16M"]].concat());
}

pub(crate) fn qcow(bench: &Bench) {
    bench.disk("plain", "compat=1.1");
    bench.img(&["convert", "-O", "qcow", "plain", "disk"]);
}

pub(crate) fn raw(bench: &Bench) {
    bench.disk("plain", "compat=1.1");
    bench.img(&["convert", "-O", "raw", "plain", "disk"]);
}

pub(crate) fn vmdk(bench: &Bench) {
    bench.disk("plain", "compat=1.1");
    bench.img(&["convert", "-O", "vmdk", "plain", "disk"]);
}

pub(crate) fn empty(bench: &Bench) {
    std::fs::write(bench.path("disk"), "").unwrap();
}
