//! The report as one page without anything from elsewhere: styles and drawings are within.

mod errors;
mod escape;
mod section;
mod table;

pub use self::escape::escape;
use self::{
    section::section,
    table::{cards, grid},
};
use crate::{ModelReport, Report, confidence_grid, decision_grid, ranking_grid, tables::percent};

const STYLE: &str = include_str!("html/page.css");

impl Report {
    /// A whole HTML document. It asks nothing of the network and runs no script.
    #[must_use]
    pub fn html(&self) -> String {
        let target = format!(
            "At most {} of the automatic answers may be wrong; calibrated on the knowledge alone.",
            percent(f64::from(self.risk_target))
        );
        let models: String =
            self.models.iter().enumerate().map(|(position, run)| self.model(position, run)).collect();
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>Yingda evaluation</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
             <header><h1>Yingda <span>evaluation</span></h1><p>{target}</p></header>\n<main>\n{}{models}</main>\n</body>\n</html>\n",
            self.side_by_side(),
        )
    }

    fn model(&self, position: usize, run: &ModelReport) -> String {
        let links: String = run
            .sets
            .iter()
            .enumerate()
            .map(|(set, report)| {
                format!("<a href=\"#{}\">{}</a>", anchor(position, set), escape(&report.name))
            })
            .collect();
        let sections: String = run
            .sets
            .iter()
            .enumerate()
            .map(|(set, report)| section(report, &anchor(position, set), f64::from(self.risk_target)))
            .collect();
        let fingerprint: String = run.model_fingerprint.chars().take(12).collect();
        format!(
            "<section class=\"model\">\n<h2>{} <small>{} · {}</small></h2>\n{}<nav>{links}</nav>\n\
             <h3>Ranking</h3>\n{}<h3>Decisions</h3>\n{}<h3>Confidence</h3>\n{}</section>\n{sections}",
            escape(&run.model),
            escape(&fingerprint),
            run.retrieval.name(),
            cards(&run.mean),
            grid(&ranking_grid(run)),
            grid(&decision_grid(run)),
            grid(&confidence_grid(run)),
        )
    }

    /// The means of several models in one table; nothing for one.
    fn side_by_side(&self) -> String {
        match self.models.len() {
            0 | 1 => String::new(),
            _ => format!(
                "<section class=\"model\"><h2>Models side by side <small>means over the sets</small></h2>{}</section>\n",
                grid(&self.model_grid())
            ),
        }
    }
}

fn anchor(model: usize, set: usize) -> String {
    format!("model-{model}-set-{set}")
}
