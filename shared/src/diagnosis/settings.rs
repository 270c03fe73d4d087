//! How much has to be known before something is said.

/// How much has to be known before something is said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// How improbable chance alone must make what was seen, after Holm, before a component is named.
    pub alpha: f64,
    /// A value that was watched for fewer appliance-days is not compared.
    pub least_days: f64,
    /// Nor is one with fewer deaths, unless as many were to be expected.
    pub least_deaths: f64,
    /// A component whose hazard ratios are all nearer to 1 is not named, however sure they are: as much may come
    /// from what nobody watched.
    pub least_ratio: f64,
    /// A hazard ratio that is worth finding. What could not have found it has found nothing either.
    pub worthwhile_ratio: f64,
    /// Steps of a curve that take less than this share of what is left are told together.
    pub curve_step: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            alpha: 0.01,
            least_days: 300.0,
            least_deaths: 5.0,
            least_ratio: 1.25,
            worthwhile_ratio: 3.0,
            curve_step: 0.01,
        }
    }
}
