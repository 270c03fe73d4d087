//! Fleets of which it is known what makes them freeze, and what is said of them.

mod fleet;
mod life;
mod releases;
mod world;

use domfleet_shared::diagnosis::{Settings, diagnose};
use std::time::Instant;
use world::{Cause, World};

#[test]
fn look() {
    let which = std::env::var("W").unwrap_or_default();
    let world = match which.as_str() {
        "b" => World { keeping_format: 0.0, ..World::blaming(Cause::Qemu) },
        "c" => World::blaming(Cause::Nothing),
        "d" => World::blaming(Cause::Scheduler),
        "e" => World::blaming(Cause::Swap),
        _ => World::blaming(Cause::Qemu),
    };
    let seed = std::env::var("S").map_or(1, |s| s.parse().unwrap());
    let t = Instant::now();
    let told = fleet::told(&world, seed);
    println!("{} intervals in {:?}", told.len(), t.elapsed());
    let t = Instant::now();
    let d = diagnose(&told, &Settings::default());
    println!("diagnosed in {:?}", t.elapsed());
    println!(
        "{} appliances {} boots {:.0} days {} deaths {} unknown",
        d.appliances, d.boots, d.appliance_days, d.deaths, d.unknown
    );
    for i in &d.inseparable {
        println!("INSEP {:?} {}", i.components, i.why);
    }
    for s in d.separations.iter().take(6) {
        println!(
            "{:?} {:?} {:.0} {} {:.3}",
            s.component, s.from, s.appliance_days, s.deaths, s.share
        );
    }
    if let Some(m) = &d.model {
        println!(
            "frailty {} days {:.0} left out {:.0}",
            m.frailty, m.appliance_days, m.left_out_days
        );
        for t in &m.tests {
            println!(
                "{:?} like {:?} chi2 {:.1} df {} p {:.2e} adj {:.2e} unk {:.1e} det {:?}",
                t.components,
                t.partly_like,
                t.chi2,
                t.df,
                t.p,
                t.p_adjusted,
                t.p_with_unknown,
                t.detectable_ratio
            );
            for h in &t.values {
                println!(
                    "    {:?}={} vs {} {:?} {:?} d {} in {:.0}",
                    h.component,
                    h.value,
                    h.reference,
                    h.hazard_ratio,
                    h.why_not,
                    h.deaths,
                    h.appliance_days
                );
            }
        }
    } else {
        println!("{:?}", d.why_no_model);
    }
    let v = format!("{:?}", d.verdict);
    println!("{}", &v[..v.len().min(300)]);
}

#[test]
fn many() {
    use std::collections::BTreeMap;
    let which = std::env::var("W").unwrap_or_default();
    let world = match which.as_str() {
        "b" => World { keeping_format: 0.0, ..World::blaming(Cause::Qemu) },
        "c" => World::blaming(Cause::Nothing),
        "d" => World::blaming(Cause::Scheduler),
        "e" => World::blaming(Cause::Swap),
        _ => World::blaming(Cause::Qemu),
    };
    let n: u64 = std::env::var("N").map_or(10, |s| s.parse().unwrap());
    let run = |from: u64| {
        (0..n / 2)
            .map(|k| {
                let told = fleet::told(&world, from + 2 * k);
                diagnose(&told, &Settings::default())
            })
            .collect::<Vec<_>>()
    };
    let all: Vec<_> = std::thread::scope(|s| {
        let a = s.spawn(|| run(1));
        let b = s.spawn(|| run(2));
        let mut a = a.join().unwrap();
        a.extend(b.join().unwrap());
        a
    });
    let mut z: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
    let mut ps: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for d in &all {
        let m = d.model.as_ref().unwrap();
        for t in &m.tests {
            ps.entry(format!("{:?}", t.components)).or_default().push(t.p);
            if t.components.len() > 2 {
                continue;
            }
            for h in &t.values {
                if let Some(r) = &h.cox_hazard_ratio {
                    if h.component.as_str() != "qemu_running" {
                        let c = r.value.unwrap().ln();
                        let se = (r.high.unwrap().ln() - c) / 1.96;
                        z.entry(format!(
                            "COX {}={} vs {}",
                            h.component.as_str(),
                            h.value,
                            h.reference
                        ))
                        .or_default()
                        .push((c, se));
                    }
                }
                if let Some(r) = &h.hazard_ratio {
                    let c = r.value.unwrap().ln();
                    let se = (r.high.unwrap().ln() - c) / 1.96;
                    z.entry(format!("{}={} vs {}", h.component.as_str(), h.value, h.reference))
                        .or_default()
                        .push((c, se));
                }
            }
        }
        let v = format!("{:?}", d.verdict);
        println!("theta {:.3} {}", m.frailty, &v[..v.len().min(110)]);
    }
    for (k, v) in &z {
        let n = v.len() as f64;
        let mean = v.iter().map(|x| x.0).sum::<f64>() / n;
        let sd = (v.iter().map(|x| (x.0 - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
        let se = v.iter().map(|x| x.1).sum::<f64>() / n;
        let cov = v.iter().filter(|x| x.0.abs() < 1.96 * x.1).count();
        println!("{k:50} n {n} mean {mean:+.4} sd {sd:.4} se {se:.4} covers0 {cov}");
    }
    for (k, v) in &ps {
        println!(
            "{k} p<.05: {} p<.01: {} p<.001: {} of {}",
            v.iter().filter(|p| **p < 0.05).count(),
            v.iter().filter(|p| **p < 0.01).count(),
            v.iter().filter(|p| **p < 0.001).count(),
            v.len()
        );
    }
}
