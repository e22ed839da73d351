//! The figures of a run in tables: how well entries are ranked, what is decided, and how far it can be trusted.

use crate::{Grid, Indexed, Interval, Metrics, ModelReport, Percentiles, Report, SetReport, metrics::mean};

/// The tables of every model, for a terminal; `-` where nothing could tell.
#[must_use]
pub fn table(report: &Report) -> String {
    let several = report.models.len() > 1;
    let of_model = |run: &ModelReport| {
        let heading = if several { format!("{}\n", run.model) } else { String::new() };
        let grids = [ranking_grid(run), decision_grid(run), confidence_grid(run)];
        heading + &grids.map(|grid| grid.text()).join("\n")
    };
    report.models.iter().map(of_model).collect::<Vec<_>>().join("\n")
}

/// What was asked, and where the expected entry stood. One row per set and, for more than one, a row of means.
#[must_use]
pub fn ranking_grid(run: &ModelReport) -> Grid {
    let headings =
        ["set", "index", "entries", "asked", "hit@1", "hit@3", "hit@5", "MRR", "nDCG", "p50 ms", "p99 ms"];
    let about = |set: &SetReport| {
        vec![index(set.indexed).to_owned(), set.entries.to_string(), set.questions.to_string()]
    };
    rows(run, &headings, about, |metrics| {
        let time = |of: fn(Percentiles) -> f64| metrics.latency_ms.map(|latency| of(latency.total));
        let mut cells = [metrics.hit_at_1, metrics.hit_at_3, metrics.hit_at_5, metrics.mrr, metrics.ndcg]
            .map(share)
            .to_vec();
        cells.extend([time(|times| times.p50), time(|times| times.p99)].map(milliseconds));
        cells
    })
}

/// What was answered, asked back and handed over.
#[must_use]
pub fn decision_grid(run: &ModelReport) -> Grid {
    let headings = [
        "set",
        "coverage",
        "wrong",
        "95 %",
        "asked back",
        "asked right",
        "handed over",
        "over right",
        "near over",
        "far over",
    ];
    rows(
        run,
        &headings,
        |_| Vec::new(),
        |metrics| {
            let figures = [
                metrics.clarify_rate,
                metrics.clarify_success,
                metrics.handoff_rate,
                metrics.handoff_precision,
                metrics.handoff_recall_near,
                metrics.handoff_recall_far,
            ];
            let answered = [share(metrics.coverage), share(metrics.wrong_answer_rate)];
            let between = metrics.wrong_answer_interval.map_or_else(absent, interval);
            answered.into_iter().chain([between]).chain(figures.map(share)).collect()
        },
    )
}

/// How far the confidence can be trusted, and what single thresholds chosen with hindsight could have answered within
/// the risk target: one on the confidence, one on the nearness of the closest phrasing.
#[must_use]
pub fn confidence_grid(run: &ModelReport) -> Grid {
    let mut grid = Grid::new(&[
        "set",
        "AUROC near",
        "AUROC far",
        "ECE",
        "by chance",
        "Brier",
        "coverage",
        "best by confidence",
        "best by nearness",
        "times the latter",
    ]);
    let figures = |metrics: &Metrics| {
        let apart = [metrics.auroc_near, metrics.auroc_far];
        let calibrated = [metrics.ece, metrics.ece_by_chance, metrics.brier, metrics.coverage];
        apart.into_iter().chain(calibrated).map(share)
    };
    let hindsight = |set: &SetReport| {
        [Some(set.curves.best_confidence.coverage), set.curves.best_cosine.map(|best| best.coverage)]
    };
    for set in &run.sets {
        let ratio = set.curves.coverage_ratio.map_or_else(absent, |ratio| format!("{ratio:.2}"));
        let cells = figures(&set.metrics).chain(hindsight(set).map(share)).chain([ratio]);
        grid.rows.push(std::iter::once(set.name.clone()).chain(cells).collect());
    }
    if run.sets.len() > 1 {
        let over = |which: usize| mean(run.sets.iter().filter_map(|set| hindsight(set)[which]));
        let reachable = over(1).filter(|coverage| *coverage > 0.0);
        let ratio = run.mean.coverage.zip(reachable).map(|(coverage, reachable)| coverage / reachable);
        let ratio = ratio.map_or_else(absent, |ratio| format!("{ratio:.2}"));
        let cells = figures(&run.mean).chain([share(over(0)), share(over(1)), ratio]);
        grid.rows.push(std::iter::once("mean".to_owned()).chain(cells).collect());
    }
    grid
}

/// A share with three digits; a negative zero is written as zero.
pub(crate) fn share(value: Option<f64>) -> String {
    value.map_or_else(absent, |value| format!("{:.3}", value + 0.0))
}

/// A share in percent, with a digit behind the point only where it is needed.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0 + 0.0;
    let whole = (percent - percent.round()).abs() < 0.05;
    if whole { format!("{percent:.0}%") } else { format!("{percent:.1}%") }
}

/// `low–high`.
pub(crate) fn interval(Interval { low, high }: Interval) -> String {
    format!("{low:.3}–{high:.3}")
}

pub(crate) fn milliseconds(value: Option<f64>) -> String {
    value.map_or_else(absent, |value| format!("{value:.2}"))
}

pub(crate) fn absent() -> String {
    "-".to_owned()
}

fn rows(
    run: &ModelReport,
    headings: &[&str],
    about: impl Fn(&SetReport) -> Vec<String>,
    figures: impl Fn(&Metrics) -> Vec<String>,
) -> Grid {
    let mut grid = Grid::new(headings);
    for set in &run.sets {
        grid.rows.push([vec![set.name.clone()], about(set), figures(&set.metrics)].concat());
    }
    if let [first, _, ..] = &*run.sets {
        let blank = vec![String::new(); about(first).len()];
        grid.rows.push([vec!["mean".to_owned()], blank, figures(&run.mean)].concat());
    }
    grid
}

fn index(indexed: Indexed) -> &'static str {
    match indexed {
        Indexed::Standard => "standard",
        Indexed::Half => "half",
        Indexed::All => "all",
    }
}
