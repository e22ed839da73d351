//! What a risk target costs in people. Pure.

use answer::{BandForecast, RiskTarget};
use serde::Serialize;

use crate::{Grid, tables};

/// What comes in, and how long a human takes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Traffic {
    /// Questions that arrive in an hour.
    pub questions_per_hour: f64,
    /// Minutes that an agent needs for one of them.
    pub agent_minutes: f64,
}

/// What to expect at one risk target.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Staffing {
    /// The accepted share of wrong automatic answers.
    pub risk_target: f32,
    /// Share of all questions that are answered automatically.
    pub automatic: f64,
    /// Wrong automatic answers in a thousand questions.
    pub wrong_per_thousand: f64,
    /// Share of all questions that are asked back.
    pub asked_back: f64,
    /// Questions an hour that reach a human: handed over at once, or asked back without the right option.
    pub handoffs_per_hour: f64,
    /// Agents who would be busy if nobody ever waited: hand-offs an hour times hours each.
    pub load_erlang: f64,
    /// The fewest agents with whom at most one customer in five has to wait at all; the load, rounded up, where that is beyond
    /// a hundred thousand, which hides the rest.
    pub agents: u64,
}

/// Accepted share of customers who wait.
const MAY_WAIT: f64 = 0.2;

impl Staffing {
    /// What `forecast` comes to under this traffic.
    #[must_use]
    pub fn of(target: RiskTarget, forecast: &BandForecast, traffic: Traffic) -> Self {
        let asked_in_vain = forecast.clarify * (1.0 - forecast.clarify_success);
        let handoffs_per_hour = traffic.questions_per_hour * (forecast.hand_off + asked_in_vain);
        let load_erlang = handoffs_per_hour * traffic.agent_minutes / 60.0;
        Self {
            risk_target: target.value(),
            automatic: forecast.answer,
            wrong_per_thousand: 1e3 * forecast.answer * forecast.wrong_answers,
            asked_back: forecast.clarify,
            handoffs_per_hour,
            load_erlang,
            agents: agents(load_erlang),
        }
    }
}

/// One row per target.
#[must_use]
pub fn staffing_grid(rows: &[Staffing]) -> Grid {
    let headings = [
        "risk target",
        "answered",
        "wrong per 1,000",
        "asked back",
        "hand-offs/h",
        "load (Erlang)",
        "agents",
    ];
    let mut grid = Grid::new(&headings);
    for row in rows {
        grid.rows.push(vec![
            tables::percent(f64::from(row.risk_target)),
            tables::percent(row.automatic),
            format!("{:.1}", row.wrong_per_thousand + 0.0),
            tables::percent(row.asked_back),
            format!("{:.1}", row.handoffs_per_hour),
            format!("{:.2}", row.load_erlang),
            row.agents.to_string(),
        ]);
    }
    grid
}

/// Agents are added one by one; the chance to be blocked with one more follows from the one before (Erlang B's
/// recurrence), and the chance to wait from that (Erlang C).
fn agents(load: f64) -> u64 {
    if load <= 0.0 || !load.is_finite() {
        return 0;
    }
    if load > GREATEST_LOAD {
        return load.ceil() as u64;
    }
    let (mut agents, mut count, mut blocked) = (0, 0.0, 1.0);
    loop {
        (agents, count) = (agents + 1, count + 1.0);
        blocked = load * blocked / (count + load * blocked);
        if chance_to_wait(count, load, blocked) <= MAY_WAIT {
            return agents;
        }
    }
}

/// Beyond it agents are not counted one by one: what comes on top of the load is less than its square root.
const GREATEST_LOAD: f64 = 1e5;

/// 1 when the agents cannot keep up.
fn chance_to_wait(agents: f64, load: f64, blocked: f64) -> f64 {
    if agents <= load { 1.0 } else { blocked / (1.0 - load / agents * (1.0 - blocked)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the sum formula of Erlang C in Python, with exact factorials.
    #[test]
    fn the_chance_to_wait_is_erlang_c() {
        for (agents, load, expected) in [
            (1, 0.5, 0.5),
            (2, 1.0, 1.0 / 3.0),
            (5, 3.0, 0.23615160349854228),
            (14, 10.0, 0.17413193359504983),
            (55, 50.0, 0.3845473179329286),
        ] {
            let blocked =
                (1..=agents).fold(1.0, |blocked, count| load * blocked / (f64::from(count) + load * blocked));
            let wait = chance_to_wait(f64::from(agents), load, blocked);
            assert!((wait - expected).abs() < 1e-12, "{agents} {load}: {wait}");
        }
        assert_eq!(chance_to_wait(2.0, 2.0, 0.4), 1.0);
    }

    #[test]
    fn agents_are_the_fewest_that_do() {
        for (load, expected) in [
            (0.0, 0),
            (0.05, 1),
            (0.25, 2),
            (1.0, 3),
            (5.0, 8),
            (10.0, 14),
            (50.0, 58),
            (1e13, 10_000_000_000_000),
            (f64::NAN, 0),
        ] {
            assert_eq!(agents(load), expected, "{load}");
        }
    }

    #[test]
    fn hand_offs_are_those_at_once_and_those_asked_in_vain() {
        let forecast = BandForecast {
            answer: 0.6,
            clarify: 0.2,
            hand_off: 0.2,
            wrong_answers: 0.05,
            wrong_answers_at_most: 0.06,
            clarify_success: 0.75,
        };
        let target = RiskTarget::new(0.05).unwrap();
        let traffic = Traffic { questions_per_hour: 120.0, agent_minutes: 5.0 };
        let staffing = Staffing::of(target, &forecast, traffic);
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        near(staffing.wrong_per_thousand, 30.0);
        near(staffing.handoffs_per_hour, 120.0 * (0.2 + 0.05));
        near(staffing.load_erlang, 2.5);
        assert_eq!(staffing.agents, 5);
        assert_eq!((staffing.automatic, staffing.asked_back), (0.6, 0.2));
    }
}
