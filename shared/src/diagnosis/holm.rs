//! Several questions asked of the same data.

/// The probabilities, each as it is after all of them were asked (Holm 1979), in their order.
pub(super) fn holm(ps: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..ps.len()).collect();
    order.sort_by(|a, b| ps[*a].total_cmp(&ps[*b]));
    let mut adjusted = vec![0.0; ps.len()];
    let mut largest: f64 = 0.0;
    for (nth, at) in order.into_iter().enumerate() {
        let left = super::range::as_f64(ps.len() - nth);
        largest = largest.max((ps[at] * left).min(1.0));
        adjusted[at] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::holm;

    #[test]
    fn the_least_counts_for_all_and_none_becomes_less_than_one_before_it() {
        // By R: p.adjust(c(0.01, 0.04, 0.03, 0.005, 0.9), "holm").
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005, 0.9]);

        for (found, expected) in adjusted.iter().zip([0.04, 0.09, 0.09, 0.025, 0.9]) {
            assert!((found - expected).abs() < 1e-12, "{adjusted:?}");
        }
    }
}
