//! Axes: from values to places on the drawing.

use std::fmt::Write as _;

use crate::tables::percent;

/// A drawing with a horizontal and a vertical axis, both from 0.
pub(super) struct Frame {
    /// Value at the right edge.
    pub(super) right: f64,
    /// Value at the upper edge.
    pub(super) top: f64,
    /// What the horizontal axis shows.
    pub(super) x_label: &'static str,
    /// What the vertical axis shows.
    pub(super) y_label: &'static str,
}

pub(super) const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 22.0;
const UPPER: f64 = 12.0;
const LOWER: f64 = 44.0;
/// Lines across the drawing in either direction.
const TICKS: usize = 5;

impl Frame {
    pub(super) fn x(&self, value: f64) -> f64 {
        LEFT + (value / self.right).clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
    }

    pub(super) fn y(&self, value: f64) -> f64 {
        HEIGHT - LOWER - (value / self.top).clamp(0.0, 1.0) * (HEIGHT - UPPER - LOWER)
    }

    /// The whole drawing: lines, labels, then `marks`.
    pub(super) fn svg(&self, title: &str, marks: &str) -> String {
        let (middle, across) = ((LEFT + WIDTH - RIGHT) / 2.0, (UPPER + HEIGHT - LOWER) / 2.0);
        let labels = format!(
            r#"<text class="label" x="{middle:.1}" y="{:.1}" text-anchor="middle">{}</text><text class="label" x="14" y="{across:.1}" text-anchor="middle" transform="rotate(-90 14 {across:.1})">{}</text>"#,
            HEIGHT - 8.0,
            self.x_label,
            self.y_label,
        );
        svg(HEIGHT, title, &(self.lines() + &labels + marks))
    }

    /// A line through `points`.
    pub(super) fn path(&self, class: &str, points: impl Iterator<Item = (f64, f64)>) -> String {
        let mut path = String::new();
        for (position, (x, y)) in points.enumerate() {
            let command = if position == 0 { 'M' } else { 'L' };
            // Writing into a String cannot fail.
            let _ = write!(path, "{command}{:.1} {:.1}", self.x(x), self.y(y));
        }
        format!(r#"<path class="{class}" d="{path}"/>"#)
    }

    fn lines(&self) -> String {
        let mut lines = String::new();
        for tick in 0..=TICKS {
            let share = tick as f64 / TICKS as f64;
            let (x, y) = (self.x(share * self.right), self.y(share * self.top));
            let _ = write!(
                lines,
                r#"<path class="grid" d="M{LEFT} {y:.1}H{:.1}"/><text class="tick" x="{:.1}" y="{:.1}" text-anchor="end">{}</text><text class="tick" x="{x:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
                WIDTH - RIGHT,
                LEFT - 6.0,
                y + 4.0,
                percent(share * self.top),
                HEIGHT - LOWER + 16.0,
                percent(share * self.right),
            );
        }
        lines
    }
}

/// A drawing of [`WIDTH`] and this height.
pub(super) fn svg(height: f64, title: &str, marks: &str) -> String {
    format!(
        r#"<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{title}"><title>{title}</title>{marks}</svg>"#
    )
}
