//! `yingda ask`: one question, or one a line from stdin, decided as the service would.

use std::io::{self, BufRead as _};

use anyhow::Context as _;
use clap::{Args, builder::NonEmptyStringValueParser};
use eval::Considered;

use super::{
    context::{Context, LogPurpose, option},
    exit::Exit,
    output::{Form, Output, Style, columns},
    serving,
};
use crate::{
    ApiError, App, AskRequest, AskResponse, DecisionKind, Knowledge,
    config::{Config, Override},
    demo::DemoShop,
    reply::Reason,
    storage,
};

#[derive(Args)]
#[command(after_help = "\
Examples:
  yingda ask 买的东西几天能送到
  yingda -o json ask - --knowledge knowledge.jsonl < questions.txt

With `-` the exit code is 3 when at least one line was no question; the others are still decided.")]
pub(super) struct AskArguments {
    /// The customer's words, or - to read one question a line from stdin
    question: String,
    /// Knowledge file; without it the configured one, else what the store has published, else a demo shop
    #[arg(long, value_name = "FILE", value_parser = NonEmptyStringValueParser::new())]
    knowledge: Option<String>,
    /// Ask this demo shop instead
    #[arg(long, value_name = "LANGUAGE", value_enum, conflicts_with = "knowledge")]
    demo: Option<DemoShop>,
    /// The channel it is asked on: entries bound to other channels do not answer
    #[arg(long, value_name = "NAME")]
    channel: Option<String>,
    /// With -o json, add the candidates and what led to the decision
    #[arg(long)]
    explain: bool,
}

pub(super) fn run(arguments: &AskArguments, context: &Context) -> anyhow::Result<Exit> {
    let path = option("--knowledge", "knowledge.path", arguments.knowledge.as_ref());
    let path: Vec<Override> = path.into_iter().collect();
    let config = context.start(LogPurpose::Command, &path)?;
    Context::runtime()?.block_on(async {
        let knowledge = knowledge(arguments.demo, &config, context.output).await?;
        let app = serving::start(&config, knowledge, context.output).await?;
        let asking = Asking { app: &app, arguments, output: context.output };
        match arguments.question.as_str() {
            "-" => asking.every_line().await,
            question => asking.one(question).await,
        }
    })
}

async fn knowledge(demo: Option<DemoShop>, config: &Config, output: Output) -> anyhow::Result<Knowledge> {
    if let Some(shop) = demo {
        return serving::of_shop(shop);
    }
    let store = storage::open_if_exists(&config.store).await?;
    if let Some((_, knowledge)) = serving::configured_or_published(config, store.as_ref()).await? {
        return Ok(knowledge);
    }
    output.note("no knowledge is configured or published: asking the demo shop (see --knowledge and --demo)");
    serving::of_shop(DemoShop::default())
}

struct Asking<'a> {
    app: &'a App,
    arguments: &'a AskArguments,
    output: Output,
}

impl Asking<'_> {
    async fn one(&self, question: &str) -> anyhow::Result<Exit> {
        let response = self.decide(question).await?;
        self.print(question, &response)?;
        Ok(Exit::Done)
    }

    /// A line that is no question does not stop the others; blank lines are passed over.
    async fn every_line(&self) -> anyhow::Result<Exit> {
        let (mut stdin, mut bytes, mut exit) = (io::stdin().lock(), Vec::new(), Exit::Done);
        for line in 1.. {
            bytes.clear();
            if stdin.read_until(b'\n', &mut bytes).context("cannot read standard input")? == 0 {
                break;
            }
            let Ok(question) = std::str::from_utf8(&bytes) else {
                self.refuse(line, "invalid_utf8", "the line is not valid UTF-8")?;
                exit = Exit::InvalidInput;
                continue;
            };
            let question = question.trim();
            if question.is_empty() {
                continue;
            }
            match self.decide(question).await {
                Ok(response) => self.print(question, &response)?,
                Err(error) if Exit::of_ask(&error) == Exit::InvalidInput => {
                    self.refuse(line, error.code().as_str(), &error.to_string())?;
                    exit = Exit::InvalidInput;
                }
                Err(error) => {
                    return Err(anyhow::Error::new(error).context(format!("standard input, line {line}")));
                }
            }
        }
        Ok(exit)
    }

    async fn decide(&self, question: &str) -> Result<AskResponse, ApiError> {
        let explain = self.arguments.explain || self.output.form == Form::Text;
        let request = AskRequest {
            text: question.to_owned(),
            channel: self.arguments.channel.clone(),
            explain,
            ..AskRequest::default()
        };
        self.app.ask(request).await
    }

    fn print(&self, question: &str, response: &AskResponse) -> anyhow::Result<()> {
        self.output.result(response, || {
            let heading =
                if self.arguments.question == "-" { format!("{question}\n") } else { String::new() };
            heading + &text(response, self.output)
        })
    }

    /// In JSON form the error takes the place of the line's result, so that the lines still correspond.
    fn refuse(&self, line: usize, code: &str, message: &str) -> anyhow::Result<()> {
        match self.output.form {
            Form::Text => self.output.complain(format!("error: standard input, line {line}: {message}")),
            Form::Json => {
                let error =
                    serde_json::json!({ "code": code, "message": message, "details": { "line": line } });
                self.output.result(&error, String::new)?;
            }
        }
        Ok(())
    }
}

fn text(response: &AskResponse, output: Output) -> String {
    let style = match response.decision {
        DecisionKind::Answer => Style::Good,
        DecisionKind::Clarify => Style::Doubtful,
        DecisionKind::HandOff => Style::Bad,
    };
    let mut lines = vec![
        format!("decision    {}", output.paint(style, response.decision.as_str())),
        format!("confidence  {:.3}", response.confidence),
    ];
    lines.extend(
        response.answer.as_ref().map(|answer| format!("answer      {}", output.paint(Style::Strong, answer))),
    );
    if let (Some(matched), Some(entry)) = (&response.matched_question, &response.entry_id) {
        lines.push(format!("matched     {matched} ({entry})"));
    }
    lines.extend(
        response
            .options
            .iter()
            .map(|option| format!("option      {} ({})", option.question, option.entry_id)),
    );
    lines.extend(response.reason.map(|reason| format!("reason      {}", reason_in_words(reason))));
    lines.extend(candidates(response));
    lines.join("\n") + "\n"
}

fn reason_in_words(reason: Reason) -> &'static str {
    match reason {
        Reason::LowConfidence => "no entry is probable enough",
        Reason::Unavailable => "no entry may answer on this channel at this time",
        Reason::ChitChat => "the question is chit-chat",
        Reason::TooLittle => "the question says too little",
        Reason::Assigned => "a person answers this conversation",
    }
}

/// Candidates worth a person's look.
const SHOWN: usize = 5;

fn candidates(response: &AskResponse) -> Option<String> {
    let candidates = &response.explain.as_ref()?.candidates;
    let row = |candidate: &Considered| {
        let Considered { entry_id, question, matched_question, confidence, .. } = candidate;
        let matched =
            if matched_question == question { String::new() } else { format!("← {matched_question}") };
        vec![format!("{confidence:.3}"), entry_id.clone(), question.clone(), matched]
    };
    let rows: Vec<Vec<String>> = candidates.iter().take(SHOWN).map(row).collect();
    let table = columns(&rows).replace('\n', "\n            ");
    (!rows.is_empty()).then(|| format!("candidates  {table}"))
}
