//! Renews the server's certificate, and takes up new files of `tls.cert`.

use std::time::Duration;

use super::Task;
use crate::app::App;

pub struct Certificates(pub App);

impl Task for Certificates {
    const NAME: &'static str = "certificates";
    const PERIOD: Duration = Duration::from_hours(1);
    type Report = ();

    async fn run(&mut self) -> anyhow::Result<()> {
        Ok(self.0.faces.refresh()?)
    }
}
