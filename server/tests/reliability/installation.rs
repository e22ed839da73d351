//! One installation: its folder, its knowledge, its keys, and the commands that are run in it.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::Child,
};

use serde_json::Value;
use store::Location;

use crate::{
    clear_text::{Search, Searched},
    engine::Engine,
    sandbox::{Run, Sandbox},
};

const SHOP: &str = concat!(
    r#"{"id": "hours", "question": "几点开门", "similar": ["什么时候营业"], "answer": "九点"}"#,
    "\n",
    r#"{"id": "refund", "question": "怎么退款", "similar": ["我要退钱"], "answer": "在订单页"}"#,
    "\n",
);

/// Two master keys, of which a command is given one or both.
pub(crate) const MASTERS: [(&str, &str); 2] = [
    ("MASTER_A", "sPzcQCgatTrqyJmTcbS8we8u/PWx5gcQ/vuXMHjkHcY="),
    ("MASTER_B", "wOXNhZdYfkjHkAAINqXmE8AgnObEDIcLtwRWVlxB9gk="),
];

/// Which master keys a command is given: the current one, and perhaps the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Masters {
    Only(usize),
    /// The first is to replace the second.
    Replacing(usize, usize),
}

pub(crate) struct Installation {
    sandbox: Sandbox,
    pub(crate) engine: Engine,
}

impl Installation {
    /// Without a store.
    pub(crate) fn empty(engine: Engine) -> Self {
        let installation = Self { sandbox: Sandbox::with_store_at(engine.location()), engine };
        fs::create_dir(installation.path("data")).unwrap();
        installation
    }

    /// With published knowledge and the first keys, wrapped by the first master key.
    pub(crate) fn new(engine: Engine) -> Self {
        let installation = Self::empty(engine);
        installation.sandbox.file("shop.jsonl", SHOP);
        installation.json(Masters::Only(0), &["kb", "import", "shop.jsonl"]);
        installation.json(Masters::Only(0), &["keys", "init"]);
        installation
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.sandbox.path(name)
    }

    /// Where its rows are.
    pub(crate) fn location(&self) -> Location {
        match &self.engine {
            Engine::Sqlite => Location::File(self.path(&self.engine.location())),
            Engine::Postgres { address, .. } => Location::Server(address.clone()),
        }
    }

    /// Every folder that a command may write to.
    pub(crate) fn folders(&self) -> [PathBuf; 2] {
        [self.sandbox.path(""), self.sandbox.temporary_folder()]
    }

    /// What stands in the files of these folders, and in those of the database's server.
    pub(crate) fn searched(&self, search: &Search) -> Searched {
        search.within_folders(self.folders().into_iter().chain(self.engine.server_files()))
    }

    /// A command, given these master keys.
    pub(crate) fn yingda(&self, masters: Masters, arguments: &[&str]) -> Run {
        let run = self.sandbox.yingda_small(&[arguments, &["-o", "json"]].concat());
        let run = MASTERS.iter().fold(run, |run, (name, value)| run.variable(name, value));
        let named = |number: usize| format!("environment:{}", MASTERS[number].0);
        match masters {
            Masters::Only(number) => run.variable("YINGDA_KEYS__MASTER", named(number)),
            Masters::Replacing(new, old) => {
                run.variable("YINGDA_KEYS__MASTER", named(new)).variable("YINGDA_KEYS__PREVIOUS", named(old))
            }
        }
    }

    /// What a command says that must succeed.
    pub(crate) fn json(&self, masters: Masters, arguments: &[&str]) -> Value {
        self.yingda(masters, arguments).finish().expect(0).json()
    }

    /// The end of what those commands said that were not waited for, the last line first.
    pub(crate) fn said(&self) -> String {
        let said = fs::read_to_string(self.path("commands.log")).unwrap();
        said.lines().rev().take(5).collect::<Vec<_>>().join("\n")
    }

    /// A command that is not waited for. What it says is added to the file `commands.log`.
    pub(crate) fn spawn(&self, masters: Masters, arguments: &[&str]) -> Child {
        let log = File::options().create(true).append(true).open(self.path("commands.log")).unwrap();
        let mut command = self.yingda(masters, arguments).command();
        command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap()
    }
}
