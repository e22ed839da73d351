//! The files of a report.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::Path,
};

use serde::Serialize;

use super::errors::ErrorLine;
use crate::{Error, Report, Result, recorded::RecordedLine};

impl Report {
    /// Writes into `folder`, which is created: `report.json` (figures), `report.md` and `report.html` (for people),
    /// `errors.jsonl` (questions that went wrong, with what misled) and `outcomes.jsonl` (every question, for
    /// comparisons).
    ///
    /// # Errors
    /// [`Error::File`] with the path that cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder).map_err(|error| Error::file(folder, error))?;
        let write = |name: &str, write: &dyn Fn(&mut BufWriter<File>) -> io::Result<()>| {
            let path = folder.join(name);
            let written = File::create(&path).map(BufWriter::new).and_then(|mut file| {
                write(&mut file)?;
                file.flush()
            });
            written.map_err(|error| Error::file(&path, error))
        };
        write("report.json", &|file| {
            serde_json::to_writer_pretty(&mut *file, self)?;
            file.write_all(b"\n")
        })?;
        write("report.md", &|file| file.write_all(self.markdown().as_bytes()))?;
        write("report.html", &|file| file.write_all(self.html().as_bytes()))?;
        write("errors.jsonl", &|file| lines(file, self.error_lines()))?;
        write("outcomes.jsonl", &|file| lines(file, self.recorded_lines()))
    }

    fn error_lines(&self) -> impl Iterator<Item = ErrorLine<'_>> {
        self.models.iter().flat_map(|run| {
            run.sets
                .iter()
                .flat_map(|set| set.errors().map(|outcome| ErrorLine::new(&run.model, set, outcome)))
        })
    }

    fn recorded_lines(&self) -> impl Iterator<Item = RecordedLine<'_>> {
        self.models.iter().enumerate().flat_map(|(model, run)| {
            run.sets.iter().flat_map(move |set| {
                set.outcomes.iter().map(move |outcome| RecordedLine {
                    model,
                    set: (&set.name).into(),
                    judged: std::borrow::Cow::Borrowed(&outcome.judged),
                })
            })
        })
    }
}

fn lines(file: &mut impl Write, lines: impl Iterator<Item = impl Serialize>) -> io::Result<()> {
    for line in lines {
        serde_json::to_writer(&mut *file, &line)?;
        file.write_all(b"\n")?;
    }
    Ok(())
}
