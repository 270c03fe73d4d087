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
    /// A hazard ratio that is worth finding. What could not have found it has found nothing either.
    pub worthwhile_ratio: f64,
    /// A curve is told with about so many steps.
    pub curve_points: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            alpha: 0.01,
            least_days: 300.0,
            least_deaths: 5.0,
            worthwhile_ratio: 3.0,
            curve_points: 200,
        }
    }
}
