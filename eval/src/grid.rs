//! A table, whatever it is written as.

/// Cells under headings. The first column holds names, the others values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grid {
    /// One a column.
    pub headings: Vec<String>,
    /// Each as long as the headings.
    pub rows: Vec<Vec<String>>,
}

impl Grid {
    /// A grid without rows.
    #[must_use]
    pub fn new(headings: &[&str]) -> Self {
        Self { headings: headings.iter().map(|&heading| heading.to_owned()).collect(), rows: Vec::new() }
    }

    /// For a terminal: the first column to the left, the others to the right; a wide character (Chinese) counts two.
    #[must_use]
    pub fn text(&self) -> String {
        let widths = self.widths();
        let lines = self.lines().map(|row| {
            let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &wide))| {
                let padding = " ".repeat(wide - width(cell));
                if column == 0 { format!("{cell}{padding}") } else { format!("{padding}{cell}") }
            });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
        });
        lines.collect()
    }

    /// As a table of Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let line = |cells: &Vec<String>| {
            let cells: Vec<String> = cells.iter().map(|cell| markdown_cell(cell)).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let rule = format!("|---|{}\n", "---:|".repeat(self.headings.len().saturating_sub(1)));
        let rows: String = self.rows.iter().map(line).collect();
        line(&self.headings) + &rule + &rows
    }

    fn lines(&self) -> impl Iterator<Item = &Vec<String>> {
        std::iter::once(&self.headings).chain(&self.rows)
    }

    fn widths(&self) -> Vec<usize> {
        let widest = |column: usize| {
            self.lines().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or(0)
        };
        (0..self.headings.len()).map(widest).collect()
    }
}

fn markdown_cell(cell: &str) -> String {
    cell.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;").replace('\n', " ")
}

/// Columns of a terminal, near enough for names: everything from Hangul Jamo on counts as wide.
fn width(text: &str) -> usize {
    text.chars().map(|character| if character >= '\u{1100}' { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        let mut grid = Grid::new(&["集", "a|b"]);
        grid.rows.push(vec!["shop".to_owned(), "<1>".to_owned()]);
        grid
    }

    #[test]
    fn values_stand_to_the_right_under_wide_names() {
        assert_eq!(grid().text(), "集    a|b\nshop  <1>\n");
    }

    #[test]
    fn cells_cannot_break_a_markdown_table() {
        assert_eq!(grid().markdown(), "| 集 | a\\|b |\n|---|---:|\n| shop | &lt;1> |\n");
    }
}
