//! Confidence against what came true.

use super::frame::Frame;
use crate::{ReliabilityBin, tables::percent};

/// One dot per bin; on the diagonal, a confidence is true as often as it says. Empty without a bin.
pub(crate) fn reliability(bins: &[ReliabilityBin]) -> String {
    if bins.is_empty() {
        return String::new();
    }
    let frame = Frame { right: 1.0, top: 1.0, x_label: "confidence", y_label: "of these right" };
    let diagonal = frame.path("diagonal", [(0.0, 0.0), (1.0, 1.0)].into_iter());
    let line = frame.path("curve", bins.iter().map(|bin| (bin.confidence, bin.right)));
    let dots: String = bins.iter().map(|bin| dot(&frame, bin)).collect();
    frame.svg("Reliability: confidence against the share that was right", &(diagonal + &line + &dots))
}

fn dot(frame: &Frame, bin: &ReliabilityBin) -> String {
    format!(
        r#"<circle class="dot" cx="{:.1}" cy="{:.1}" r="4.5"><title>{} questions: confidence {}, right {}</title></circle>"#,
        frame.x(bin.confidence),
        frame.y(bin.right),
        bin.questions,
        percent(bin.confidence),
        percent(bin.right),
    )
}
