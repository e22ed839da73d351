//! The figures of a report as inline SVG. Colours come from the page's style sheet by class, so that one drawing fits a
//! light and a dark page.

mod frame;
mod histograms;
mod latency;
mod reliability;
mod risk_coverage;

pub(super) use self::{
    histograms::histograms, latency::latency, reliability::reliability, risk_coverage::risk_coverage,
};
