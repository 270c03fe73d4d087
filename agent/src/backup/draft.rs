//! A file that is not finished yet, under a name that says so.

use super::folder::Folder;
use super::medium::Medium as _;

/// One of a folder. It goes when this does, unless it was published.
pub(super) struct Draft<'f> {
    folder: &'f Folder,
    name: String,
    is_published: bool,
}

impl<'f> Draft<'f> {
    pub(super) fn begin(folder: &'f Folder, name: &str) -> std::io::Result<Self> {
        let draft = Self { folder, name: name.to_owned(), is_published: false };
        // What is left of one that was killed.
        folder.remove(&draft.name())?;
        Ok(draft)
    }

    pub(super) fn name(&self) -> String {
        format!("{}.part", self.name)
    }

    /// Gives it its name, unless something has that. To be made durable by whoever published all.
    pub(super) fn publish(mut self) -> std::io::Result<()> {
        self.folder.rename_new(&self.name(), &self.name)?;
        self.is_published = true;
        Ok(())
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        if !self.is_published
            && let Err(error) = self.folder.remove(&self.name())
        {
            let name = self.name();
            tracing::warn!(%name, error = &error as &dyn std::error::Error, "left behind");
        }
    }
}

/// A VM's name as that of a file or volume: it may hold anything, and comes out of the set.
pub(crate) fn file_name(name: &str) -> String {
    let fine = |c: char| if c.is_ascii_alphanumeric() || "+_.-".contains(c) { c } else { '_' };
    let safe: String = name.chars().map(fine).take(100).collect();
    match safe.strip_prefix(['.', '-']) {
        Some(rest) => format!("_{rest}"),
        None if safe.is_empty() => "vm".to_owned(),
        None => safe,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vms_name_never_leads_to_another_folder() {
        for (name, file) in [
            ("pbx", "pbx"),
            ("../../etc/cron.d/x", "_._.._etc_cron.d_x"),
            ("", "vm"),
            ("-rf", "_rf"),
        ] {
            assert_eq!(file_name(name), file);
        }
    }
}
