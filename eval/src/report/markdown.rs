//! The report as Markdown, for a review or a wiki.

use std::fmt::Write as _;

use crate::{
    FIGURES, Grid, Hindsight, ModelReport, Report, SetReport, confidence_grid, decision_grid, ranking_grid,
    sweep_grid, tables,
};

/// Confusions per set.
const CONFUSIONS: usize = 10;

impl Report {
    /// Tables of every model, and for each set the single threshold and the confusions.
    #[must_use]
    pub fn markdown(&self) -> String {
        let target = format!(
            "Risk target: at most {} of the automatic answers may be wrong. Calibrated on the knowledge alone.",
            tables::percent(f64::from(self.risk_target))
        );
        let mut text = format!("# Evaluation\n\n{target}\n");
        if self.models.len() > 1 {
            text += &format!(
                "\n## Models side by side\n\nMeans over the sets.\n\n{}",
                self.model_grid().markdown()
            );
        }
        for run in &self.models {
            text += &model(run);
        }
        text
    }

    /// The means of every model: one column a model, one row a figure.
    pub(super) fn model_grid(&self) -> Grid {
        let mut grid = Grid::new(&[""]);
        grid.headings.extend(self.models.iter().map(|run| run.model.clone()));
        for figure in &FIGURES {
            let values = self.models.iter().map(|run| tables::share(figure.of(&run.mean)));
            grid.rows.push(std::iter::once(figure.title.to_owned()).chain(values).collect());
        }
        let times = self.models.iter().map(|run| run.mean.latency_ms.map(|times| times.total));
        let times = times.map(|times| tables::milliseconds(times.map(|times| times.p99)));
        grid.rows.push(std::iter::once("p99 ms".to_owned()).chain(times).collect());
        grid
    }
}

impl SetReport {
    /// The most frequent confusions.
    pub(super) fn confusion_grid(&self) -> Grid {
        let mut grid = Grid::new(&["expected", "came first", "questions", "answered"]);
        for confusion in &self.curves.confusions {
            grid.rows.push(vec![
                confusion.expected.clone().unwrap_or_else(|| "(out of scope)".to_owned()),
                confusion.best.clone(),
                confusion.questions.to_string(),
                confusion.answered.to_string(),
            ]);
        }
        grid
    }
}

fn model(run: &ModelReport) -> String {
    let mut text = format!(
        "\n## {}\n\nFingerprint `{}`, retrieval {}.\n\n{}\n{}\n{}",
        run.model,
        run.model_fingerprint,
        run.retrieval.name(),
        ranking_grid(run).markdown(),
        decision_grid(run).markdown(),
        confidence_grid(run).markdown(),
    );
    for set in &run.sets {
        // Writing into a String cannot fail.
        let _ = write!(text, "\n### {}\n\n{}", set.name, about(set));
    }
    text
}

fn about(set: &SetReport) -> String {
    let mut text = String::new();
    let mut say = |name: &str, hindsight: Option<Hindsight>| {
        if let Some(Hindsight { coverage, wrong_answer_rate, .. }) = hindsight {
            let wrong = wrong_answer_rate
                .map_or_else(|| "nothing".to_owned(), |rate| format!("{} wrong", tables::percent(rate)));
            text += &format!("- {name}: coverage {} ({wrong})\n", tables::percent(coverage));
        }
    };
    say("Best threshold on the confidence, with hindsight", Some(set.curves.best_confidence));
    say("Best threshold on the plain nearness, with hindsight", set.curves.best_cosine);
    if let Some(ratio) = set.curves.coverage_ratio {
        text += &format!("- Coverage reached: {ratio:.2} times the latter\n");
    }
    text.extend(set.shortfall().map(|reason| format!("- {reason}\n")));
    text += &format!("- Errors: {}\n", set.errors().count());
    if !set.sweep.is_empty() {
        text += &format!("\n{}", sweep_grid(&set.sweep).markdown());
    }
    let mut confusions = set.confusion_grid();
    confusions.rows.truncate(CONFUSIONS);
    if !confusions.rows.is_empty() {
        text += &format!("\nMost frequent confusions:\n\n{}", confusions.markdown());
    }
    text
}
