//! Medians, ratios, and how they are printed.

use crate::load::Outcome;
use std::fmt;

/// The middle value; the mean of the two middle ones of an even count. NaN of nothing.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// One contender over all rounds.
#[derive(Debug)]
pub struct Row {
    name: String,
    rates: Vec<f64>,
    /// p50 and p99 in microseconds.
    latency: Option<(f64, f64)>,
    cpu: Option<f64>,
    generator: Option<f64>,
}

impl Row {
    /// From runs of the load generator, one a round.
    pub fn new(name: impl Into<String>, outcomes: Vec<Outcome>) -> Self {
        let each = |f: &dyn Fn(&Outcome) -> f64| outcomes.iter().map(f).collect::<Vec<_>>();
        let quantile = |q| median(&each(&|o| o.latency.value_at_quantile(q) as f64 / 1e3));
        let cpu = outcomes
            .iter()
            .filter_map(Outcome::cpu_per_request)
            .collect::<Vec<_>>();
        Self {
            name: name.into(),
            rates: each(&Outcome::rate),
            latency: Some((quantile(0.5), quantile(0.99))),
            cpu: (!cpu.is_empty()).then(|| median(&cpu)),
            generator: Some(median(&each(&Outcome::own_load))),
        }
    }

    /// A rate that something else measured, one a round.
    pub fn plain(name: impl Into<String>, rates: Vec<f64>) -> Self {
        Self {
            name: name.into(),
            rates,
            latency: None,
            cpu: None,
            generator: None,
        }
    }

    fn rate(&self) -> f64 {
        median(&self.rates)
    }

    /// Median of the ratios of the single rounds: both sides of each were measured within seconds.
    fn ratio(&self, other: &Row) -> f64 {
        let ratios: Vec<_> = self
            .rates
            .iter()
            .zip(&other.rates)
            .map(|(a, b)| a / b)
            .collect();
        median(&ratios)
    }
}

/// What the first row is to reach.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    /// This many times the best of the other rows.
    TimesBest(f64),
    /// This many uploads for each sync that one thread of the last row gets from the disk in the same time, but
    /// no more than `enough` a second.
    PerSync {
        /// Uploads for each sync.
        times: f64,
        /// A rate that satisfies whatever the disk does.
        enough: f64,
    },
}

/// One case: the first row is Fosse, the others what it is compared with.
#[derive(Debug)]
pub struct Table {
    title: String,
    rows: Vec<Row>,
    goal: Option<Goal>,
}

impl Table {
    /// `rows` must not be empty.
    pub fn new(title: String, rows: Vec<Row>, goal: Option<Goal>) -> Self {
        Self { title, rows, goal }
    }

    /// What the goal is measured by, and what it must reach.
    fn result(&self) -> Option<(f64, f64)> {
        let (first, others) = self.rows.split_first()?;
        match self.goal? {
            Goal::PerSync { times, enough } => {
                let syncs = others.last()?.rate();
                Some((first.rate(), (times * syncs).min(enough)))
            }
            Goal::TimesBest(goal) => {
                let best = others.iter().max_by(|a, b| a.rate().total_cmp(&b.rate()))?;
                Some((first.ratio(best), goal))
            }
        }
    }

    /// Whether the goal is reached; `true` without one.
    pub fn met(&self) -> bool {
        self.result().is_none_or(|(reached, goal)| reached >= goal)
    }
}

/// From this share of its core on, the generator sets the rate.
const SATURATED: f64 = 0.97;

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n### {}\n", self.title)?;
        writeln!(
            f,
            "| | per second | rounds | p50 / p99 µs | server CPU µs | generator | fosse ÷ this | by CPU |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|---|---|")?;
        let number = |value: f64| format!("{value:.0}");
        for row in &self.rows {
            let rounds: Vec<_> = row.rates.iter().map(|r| number(*r)).collect();
            let latency = row
                .latency
                .map_or_else(String::new, |(a, b)| format!("{a:.0} / {b:.0}"));
            let cpu = row.cpu.map_or_else(String::new, |c| format!("{c:.1}"));
            let generator = row.generator.map_or_else(String::new, |g| {
                format!(
                    "{:.0} %{}",
                    g * 100.0,
                    if g >= SATURATED { " (its limit)" } else { "" }
                )
            });
            // How the rates would compare if each server had the CPU to itself: what a busy machine distorts least.
            let by_cpu = match (self.rows.first().and_then(|first| first.cpu), row.cpu) {
                (Some(first), Some(own)) if first > 0.0 => format!("{:.2}", own / first),
                _ => String::new(),
            };
            let ratio = self.rows.first().map_or(f64::NAN, |first| first.ratio(row));
            writeln!(
                f,
                "| {} | {} | {} | {latency} | {cpu} | {generator} | {ratio:.2} | {by_cpu} |",
                row.name,
                number(row.rate()),
                rounds.join(" "),
            )?;
        }
        match (self.goal, self.result()) {
            (Some(goal), Some((reached, needed))) => {
                let verdict = if self.met() { "met" } else { "MISSED" };
                match goal {
                    Goal::TimesBest(goal) => writeln!(
                        f,
                        "\nGoal: {goal:.2} x the best other row; reached {reached:.2}: {verdict}."
                    ),
                    Goal::PerSync { times, enough } => writeln!(
                        f,
                        "\nGoal: {enough:.0} a second, or {times:.0} for each sync of a slower disk \
                         (here {needed:.0}); reached {reached:.0}: {verdict}."
                    ),
                }
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(&[]).is_nan());
    }

    fn table(goal: Goal) -> Table {
        let rows = vec![
            Row::plain("fosse", vec![50.0, 80.0, 200.0]),
            Row::plain("slow", vec![10.0, 10.0, 10.0]),
            Row::plain("best", vec![100.0, 100.0, 200.0]),
        ];
        Table::new("case".into(), rows, Some(goal))
    }

    #[test]
    fn the_ratio_is_the_median_of_the_rounds_against_the_best() {
        // 0.5, 0.8, 1.0: not the ratio of the medians.
        assert!(table(Goal::TimesBest(0.8)).met());
        assert!(!table(Goal::TimesBest(0.81)).met());
    }

    #[test]
    fn uploads_are_measured_by_the_syncs_of_the_disk() {
        // 80 a second beside 100 syncs a second.
        let goal = |times, enough| table(Goal::PerSync { times, enough }).met();
        assert!(goal(0.8, 1000.0));
        assert!(!goal(0.9, 1000.0));
        assert!(goal(0.9, 80.0));
        assert!(!goal(0.9, 81.0));
    }

    #[test]
    fn prints_verdict_and_ratios() {
        let text = table(Goal::TimesBest(0.9)).to_string();
        assert!(text.contains("| best | 100 | 100 100 200 |"), "{text}");
        assert!(text.contains("| 0.80 |"), "{text}");
        assert!(text.contains("reached 0.80: MISSED"), "{text}");
    }
}
