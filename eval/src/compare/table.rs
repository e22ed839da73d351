//! A comparison for a terminal.

use std::fmt::Write as _;

use super::{Change, Compared, Comparison, McNemar};
use crate::{Grid, tables};

impl Comparison {
    /// One table per set, and what is worse than allowed.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("new: {}   old: {}\n", self.new_model, self.old_model);
        for set in &self.sets {
            // Writing into a String cannot fail.
            let _ = write!(text, "\n{}\n{}", heading(set), grid(set).text());
            for (name, test) in [("hit@1", set.hit_at_1), ("right decision", set.right_decision)] {
                text += &test.map(|test| sentence(name, test)).unwrap_or_default();
            }
        }
        text + "\n" + &self.verdict()
    }

    fn verdict(&self) -> String {
        let mut lines: Vec<String> = Vec::new();
        for set in &self.sets {
            for Change { figure, new, old, .. } in set.changes.iter().filter(|change| change.worse) {
                lines.push(format!("worse: {}: {figure} {old:.4} → {new:.4}", set.name));
            }
        }
        lines.extend(self.only_old.iter().map(|name| format!("worse: {name} is missing in the new report")));
        lines.extend(self.only_new.iter().map(|name| format!("{name} is new: nothing to compare it with")));
        if !self.is_worse() {
            lines.push(format!("no figure is worse by more than {}", self.tolerance));
        }
        lines.join("\n") + "\n"
    }
}

fn heading(set: &Compared) -> String {
    match set.paired {
        0 => format!("{} (figures only: no intervals, no tests)", set.name),
        paired => format!("{} ({paired} questions in both)", set.name),
    }
}

fn grid(set: &Compared) -> Grid {
    let mut grid = Grid::new(&["", "old", "new", "difference", "95 %", ""]);
    for change in &set.changes {
        let between = |interval: crate::Interval| format!("{:+.3}…{:+.3}", interval.low, interval.high);
        grid.rows.push(vec![
            change.figure.to_owned(),
            format!("{:.3}", change.old),
            format!("{:.3}", change.new),
            format!("{:+.3}", change.new - change.old),
            change.difference.map_or_else(tables::absent, between),
            if change.worse { "worse".to_owned() } else { String::new() },
        ]);
    }
    grid
}

fn sentence(name: &str, McNemar { gained, lost, p_value }: McNemar) -> String {
    format!("{name}: {gained} gained, {lost} lost, p = {p_value:.4} (McNemar, exact)\n")
}
