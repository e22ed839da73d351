//! The document as one page for the person itself: nothing in it is executed or loaded, and everything that anybody wrote
//! is text.

use eval::escape;
use serde_json::Value;

use super::document::{
    Content, PersonalAct, PersonalConsent, PersonalConversation, PersonalDocument, PersonalMessage,
};

const HEAD: &str = r#"<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>个人信息副本 · Personal data</title>
<style>
body { font: 16px/1.6 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #1c2733; }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2.2rem; border-bottom: 1px solid #d6dde5 }
table { border-collapse: collapse; width: 100%; font-size: .9rem }
th, td { text-align: left; vertical-align: top; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid #edf1f5 }
.said { margin: .7rem 0; padding: .5rem .8rem; border-radius: .5rem; background: #f1f4f8; white-space: pre-wrap; overflow-wrap: anywhere }
.said.customer { background: #e3f0e6 } .meta { color: #627284; font-size: .8rem; white-space: normal }
</style>
</head>
<body>
"#;

/// The whole page.
pub(crate) fn page(document: &PersonalDocument) -> String {
    let mut page = Page(String::from(HEAD));
    page.line("<h1>个人信息副本 · Personal data</h1>");
    page.meta(&[&document.contact.id, &document.exported_at]);
    page.about(document);
    page.consents(&document.consents);
    page.line("<h2>会话 · Conversations</h2>");
    document.conversations.iter().for_each(|conversation| page.conversation(conversation));
    page.audit(&document.audit);
    page.line("</body>\n</html>");
    page.0
}

struct Page(String);

impl Page {
    /// Markup of ours.
    fn line(&mut self, markup: &str) {
        self.0.push_str(markup);
        self.0.push('\n');
    }

    fn meta(&mut self, parts: &[&str]) {
        let parts: Vec<String> =
            parts.iter().filter(|part| !part.is_empty()).map(|part| escape(part)).collect();
        self.line(&format!("<div class=\"meta\">{}</div>", parts.join(" · ")));
    }

    fn table(&mut self, heading: &[&str], rows: impl Iterator<Item = Vec<String>>) {
        let cells = |kind: &str, cells: &[String]| -> String {
            cells.iter().map(|cell| format!("<{kind}>{}</{kind}>", escape(cell))).collect()
        };
        let heading: Vec<String> = heading.iter().map(|name| (*name).to_owned()).collect();
        self.line(&format!("<table><tr>{}</tr>", cells("th", &heading)));
        for row in rows {
            self.line(&format!("<tr>{}</tr>", cells("td", &row)));
        }
        self.line("</table>");
    }

    fn about(&mut self, document: &PersonalDocument) {
        let contact = &document.contact;
        self.line("<h2>联系人 · Person</h2>");
        let mut rows = vec![
            vec![String::from("首次出现 · first seen"), contact.first_seen.clone()],
            vec![String::from("最近变更 · last changed"), contact.last_changed.clone()],
        ];
        rows.extend(document.identities.iter().map(|identity| {
            vec![format!("渠道 · channel {}", identity.channel), shown(&identity.identifier)]
        }));
        if let Some(profile) = &contact.profile {
            rows.push(vec![String::from("资料 · profile"), shown(profile)]);
        }
        if !contact.found_by.is_empty() {
            rows.push(vec![String::from("可查找字段 · found by"), contact.found_by.join(", ")]);
        }
        self.table(&["", ""], rows.into_iter());
    }

    fn consents(&mut self, consents: &[PersonalConsent]) {
        self.line("<h2>同意记录 · Consents</h2>");
        let heading = ["时间 · when", "目的 · purpose", "文本版本 · text", "", "渠道 · channel"];
        self.table(
            &heading,
            consents.iter().map(|consent| {
                let said = if consent.granted { "同意 · granted" } else { "撤回 · withdrawn" };
                let PersonalConsent { purpose, text_version, channel, at, .. } = consent.clone();
                vec![at, purpose, text_version, said.to_owned(), channel]
            }),
        );
    }

    fn conversation(&mut self, conversation: &PersonalConversation) {
        self.line(&format!("<h3>{} · {}</h3>", escape(&conversation.channel), escape(&conversation.began)));
        let reason = conversation.hand_off_reason.as_deref().unwrap_or_default();
        self.meta(&[&conversation.id, conversation.status, reason]);
        if let Some(summary) = &conversation.summary {
            self.meta(&["摘要 · summary", &shown(summary)]);
        }
        conversation.messages.iter().for_each(|message| self.message(message));
    }

    fn message(&mut self, message: &PersonalMessage) {
        let author = match message.author {
            "customer" => "本人 · you",
            "bot" => "自动回复 · automatic",
            _ => "坐席 · agent",
        };
        self.line(&format!(
            "<div class=\"said {}\">{}",
            escape(message.author),
            escape(&shown(&message.content))
        ));
        self.meta(&[author, &message.at]);
        if let Some(decision) = &message.decision {
            let probability = format!("{:.3}", decision.probability);
            let matched = decision.matched_phrasing.as_deref().unwrap_or_default();
            self.meta(&["自动决策 · automated decision", &decision.decision, &probability, matched]);
        }
        if let Some(delivery) = &message.delivery {
            self.meta(&["发送 · delivery", delivery.state]);
        }
        self.line("</div>");
    }

    fn audit(&mut self, entries: &[PersonalAct]) {
        self.line("<h2>处理记录 · What was done with these data</h2>");
        self.table(
            &["时间 · when", "操作 · act", "人员 · who", "原因 · why"],
            entries.iter().map(|entry| {
                let PersonalAct { at, action, actor, reason, .. } = entry.clone();
                vec![at, action, actor, reason.unwrap_or_default()]
            }),
        );
    }
}

/// A value as a person reads it: of a reply of the bot, what it said.
fn shown(content: &Content) -> String {
    match content {
        Content::Text(text) => text.clone(),
        Content::Json(value) => match value.get("answer") {
            Some(Value::String(answer)) => answer.clone(),
            Some(_) if value.get("decision").is_some() => options(value),
            _ => value.to_string(),
        },
        Content::NoLongerKept => String::from("（已按保留期限删除 · no longer kept）"),
        Content::Unreadable(reason) => format!("（无法读取 · unreadable: {reason}）"),
    }
}

/// A reply without an answer: what the customer was asked, or that a person takes over.
fn options(reply: &Value) -> String {
    let asked = reply.get("options").and_then(Value::as_array).into_iter().flatten();
    let asked: Vec<&str> =
        asked.filter_map(|option| option.get("question").and_then(Value::as_str)).collect();
    if asked.is_empty() { String::from("（转人工 · handed over）") } else { asked.join("\n") }
}
