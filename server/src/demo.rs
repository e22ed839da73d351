//! The demo shops, compiled in: `yingda demo` and `yingda ask` work without any file.

use answer::{FaqEntry, Label, parse_records, read_knowledge};

use crate::DemoInfo;

/// One of the compiled-in shops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum DemoShop {
    /// The Chinese shop.
    #[default]
    Zh,
    /// The English shop.
    En,
}

impl DemoShop {
    /// The shop's entries.
    ///
    /// # Errors
    /// None in a released program: a test reads the same files.
    pub(crate) fn entries(self) -> answer::Result<Vec<FaqEntry>> {
        match self {
            Self::Zh => read_knowledge(ZH.as_bytes(), "datasets/shop-zh/knowledge.jsonl"),
            Self::En => read_knowledge(EN.as_bytes(), "datasets/shop-en/knowledge.jsonl"),
        }
    }

    /// Questions about the shop with their right entry.
    ///
    /// # Errors
    /// As in [`entries`](Self::entries).
    pub(crate) fn labels(self) -> answer::Result<Vec<Label>> {
        match self {
            Self::Zh => parse_records(ZH_QUESTIONS.as_bytes(), "datasets/shop-zh/questions.jsonl"),
            Self::En => parse_records(EN_QUESTIONS.as_bytes(), "datasets/shop-en/questions.jsonl"),
        }
    }

    /// The shop's name and questions to try: the first three are answered, the last is handed over.
    pub(crate) fn info(self) -> DemoInfo {
        let (title, language, examples) = match self {
            Self::Zh => (
                "橙果商城",
                "zh-CN",
                ["买的东西几天能送到", "想退货，第一步点哪里", "发票抬头填错了能换吗", "给我讲个笑话"],
            ),
            Self::En => (
                "Home goods shop",
                "en",
                [
                    "what's your return policy",
                    "I got the wrong item",
                    "Can I pay in instalments?",
                    "Tell me a joke",
                ],
            ),
        };
        let examples = examples.map(str::to_owned).to_vec();
        DemoInfo { title: title.to_owned(), language: language.to_owned(), examples }
    }
}

const ZH: &str = include_str!("../../datasets/shop-zh/knowledge.jsonl");
const EN: &str = include_str!("../../datasets/shop-en/knowledge.jsonl");
const ZH_QUESTIONS: &str = include_str!("../../datasets/shop-zh/questions.jsonl");
const EN_QUESTIONS: &str = include_str!("../../datasets/shop-en/questions.jsonl");

#[cfg(test)]
mod tests {
    use answer::{Severity, check_knowledge};

    use super::*;

    #[test]
    fn both_shops_can_be_served() {
        for (shop, entries) in [(DemoShop::Zh, 90), (DemoShop::En, 30)] {
            let knowledge = shop.entries().unwrap();
            assert_eq!(knowledge.len(), entries);
            let errors =
                check_knowledge(&knowledge).into_iter().filter(|finding| finding.severity == Severity::Error);
            assert_eq!(errors.collect::<Vec<_>>(), []);
            assert!(shop.labels().unwrap().len() > entries);
        }
    }
}
