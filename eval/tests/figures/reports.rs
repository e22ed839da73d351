//! The report's files: what they hold, and that nothing from outside becomes markup.

use std::fs;

use answer::{BandForecast, CalibrationReport, NamedWeight};
use eval::{
    Band, Curves, Indexed, Judged, Metrics, ModelReport, Outcome, Recorded, Report, Retrieval, SetReport,
    SweepPoint, table,
};
use serde_json::Value;

use crate::{assert_near, in_scope, out_of_scope, outcome};

const HOSTILE: &str = "</script><img src=x onerror=\"alert(1)\">&'退款";

fn report(models: &[&str]) -> Report {
    let hostile = |judged: Judged| Judged { text: HOSTILE.to_owned(), ..judged };
    let outcomes = vec![
        outcome(in_scope(Some(1), 0.9, Band::Answer), &[("a", 0.9)]),
        outcome(hostile(in_scope(Some(2), 0.8, Band::Answer)), &[("b", 0.8), ("a", 0.2)]),
        outcome(hostile(out_of_scope(Some("<b>far</b>"), 0.7, Band::Answer)), &[("<i>id</i>", 0.7)]),
        outcome(out_of_scope(Some("far"), 0.1, Band::HandOff), &[("a", 0.1)]),
    ];
    let set = set("<u>shop</u>", outcomes);
    let of_model = |name: &&str| ModelReport {
        model: (*name).to_owned(),
        model_fingerprint: "0123456789abcdef".to_owned(),
        retrieval: Retrieval::Hybrid,
        mean: set.metrics.clone(),
        sets: vec![set.clone()],
    };
    Report { risk_target: 0.05, models: models.iter().map(of_model).collect() }
}

fn set(name: &str, outcomes: Vec<Outcome>) -> SetReport {
    let judged: Vec<&Judged> = outcomes.iter().map(|outcome| &outcome.judged).collect();
    let metrics = Metrics::of(&judged);
    SetReport {
        name: name.to_owned(),
        indexed: Indexed::All,
        entries: 2,
        phrasings: 4,
        questions: outcomes.len(),
        curves: Curves::of(&outcomes, metrics.coverage, 0.05),
        calibration: calibration(),
        sweep: vec![SweepPoint { risk_target: 0.02, ..SweepPoint::default() }],
        metrics,
        outcomes,
    }
}

/// Of the shipped belief over no knowledge, with one weight that the test knows.
fn calibration() -> CalibrationReport {
    CalibrationReport {
        risk_target: 0.05,
        options_risk_target: 0.3,
        answer_at: 0.95,
        clarify_at: 0.7,
        answers_supported: false,
        options_supported: true,
        confidence_level: 0.9,
        fitted: true,
        isotonic: false,
        in_scope: 100,
        near: 90,
        far: 80,
        labelled: 0,
        forecast: BandForecast::default(),
        weights: vec![NamedWeight { name: "meaning", weight: 0.5, shipped: 0.4 }],
        near_weights: vec![NamedWeight { name: "meaning", weight: 0.3, shipped: 0.2 }],
        far_weights: vec![NamedWeight { name: "meaning", weight: 0.1, shipped: 0.0 }],
        remarks: vec!["<remark>".to_owned()],
    }
}

#[test]
fn nothing_from_outside_becomes_markup_or_is_fetched() {
    let html = report(&["<m>"]).html();
    for markup in [
        "<img", "<u>", "<i>id", "<b>far", "<m>", "<script", "<remark", "<so", "http://", "https://", "url(",
        "@import",
    ] {
        assert!(!html.contains(markup), "{markup} is in the page");
    }
    assert!(html.contains("&lt;/script&gt;&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;&#39;退款"));
}

#[test]
fn every_element_of_the_page_is_closed() {
    let html = report(&["m", "n"]).html();
    for name in
        ["html", "head", "body", "header", "main", "section", "figure", "figcaption", "details", "summary"]
    {
        assert_balanced(&html, name);
    }
    for name in
        ["table", "thead", "tbody", "tr", "th", "td", "div", "svg", "text", "title", "small", "nav", "a"]
    {
        assert_balanced(&html, name);
    }
    assert!(!html.contains("NaN") && !html.contains("inf"), "a drawing has a place that is no number");
}

fn assert_balanced(html: &str, name: &str) {
    let opened = html.matches(&format!("<{name}>")).count() + html.matches(&format!("<{name} ")).count();
    assert!(opened > 0, "no <{name}>");
    assert_eq!(opened, html.matches(&format!("</{name}>")).count(), "<{name}>");
}

#[test]
fn the_page_shows_what_was_measured() {
    let html = report(&["m"]).html();
    for shown in [
        "target 5%",
        "model-0-set-0",
        "Reliability",
        "Most frequent confusions",
        "expected a",
        "Other risk targets",
        "Calibration",
    ] {
        assert!(html.contains(shown), "{shown} is not in the page");
    }
    // The wrong best candidate is nearer than the expected entry: (1.6 − 0.4) · 0.5.
    assert!(html.contains("<b>meaning</b> +0.60 (1.60 against 0.40)"));
    assert!(!html.contains("side by side"));
    assert!(report(&["m", "n"]).html().contains("Models side by side"));
}

#[test]
fn an_empty_set_has_a_page_too() {
    let empty = set("nothing", Vec::new());
    let run = ModelReport { sets: vec![empty], mean: Metrics::default(), ..report(&["m"]).models.remove(0) };
    let report = Report { risk_target: 0.05, models: vec![run] };
    assert!(!report.html().contains("NaN"));
    assert!(report.markdown().contains("### nothing"));
}

#[test]
fn files_agree_and_can_be_read_back() {
    let folder = tempfile::tempdir().unwrap();
    report(&["m", "n"]).write(folder.path()).unwrap();
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let json: Value = serde_json::from_str(&read("report.json")).unwrap();
    assert_eq!(json["model"], "m");
    assert!((json["risk_target"].as_f64().unwrap() - 0.05).abs() < 1e-6);
    assert_eq!(json["other_models"][0]["model"], "n");
    assert_eq!(json["sets"][0]["score_histograms"]["right"].as_array().unwrap().len(), 20);
    let errors: Vec<Value> =
        read("errors.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(errors.len(), 4, "two per model");
    let nearness = &errors[0]["candidates"][0]["features"][0];
    assert_eq!(nearness["name"], "cosine");
    assert!((nearness["value"].as_f64().unwrap() - 0.8).abs() < 1e-6);
    assert_eq!(errors[0]["misled"][0]["feature"], "meaning");
    let back = Recorded::read(folder.path()).unwrap();
    let (set, original) = (&back.sets[0], &report(&["m"]).models[0].sets[0]);
    let judged: Vec<&Judged> = original.outcomes.iter().map(|outcome| &outcome.judged).collect();
    assert_eq!(set.judged.iter().collect::<Vec<_>>(), judged, "of the first model alone");
    // The text of a number may differ from it in the last digit.
    assert_near(set.metrics.ece, original.metrics.ece.unwrap());
    assert_eq!(set.metrics.hit_at_1, original.metrics.hit_at_1);
}

#[test]
fn tables_line_up_and_name_what_is_missing() {
    let text = table(&report(&["m", "n"]));
    assert!(text.contains("m\nset") && text.contains("n\nset"), "{text}");
    assert!(text.contains(" - "), "a figure that nothing could tell is a dash: {text}");
    let markdown = report(&["m", "n"]).markdown();
    assert!(markdown.contains("## Models side by side") && markdown.contains("| &lt;u>shop"), "{markdown}");
}

/// Of ten questions, the first five right and five wrong, `answered` were answered; nearness would have answered one.
fn reached(answered: usize, answers_supported: bool) -> SetReport {
    let judged = |position: u8| {
        let rank = if position < 5 { Some(1) } else { Some(2) };
        let decision = if usize::from(position) < answered { Band::Answer } else { Band::HandOff };
        in_scope(rank, 0.9 - f32::from(position) / 20.0, decision)
    };
    let entry = |position| if position == 0 { "a" } else { "b" };
    let outcomes = (0..10)
        .map(|position| outcome(judged(position), &[(entry(position), 0.9 - f32::from(position) / 20.0)]));
    let mut set = set("shop", outcomes.collect());
    set.calibration.answers_supported = answers_supported;
    set
}

fn markdown_of(set: SetReport) -> String {
    let run = ModelReport { sets: vec![set], ..report(&["m"]).models.remove(0) };
    Report { risk_target: 0.05, models: vec![run] }.markdown()
}

#[test]
fn a_report_says_why_coverage_is_not_twice_that_of_a_cosine_threshold() {
    assert!(!markdown_of(reached(3, true)).contains("Why not"), "three times as much");
    let cautious = markdown_of(reached(1, false));
    assert!(cautious.contains("Why not twice as much: 100 phrasings tested cannot show"), "{cautious}");
    assert!(cautious.contains("with the labels known 50% could have been answered"), "{cautious}");
    let reserved = markdown_of(reached(1, true));
    assert!(reserved.contains("keeps a reserve; 0% of its answers were wrong"), "{reserved}");
    let mut roomless = reached(1, true);
    roomless.curves.best_confidence.coverage = 0.15;
    let roomless = markdown_of(roomless);
    assert!(roomless.contains("could have answered 15%, which is less than twice the 10%"), "{roomless}");
}
