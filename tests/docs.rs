//! What the pages show is what the program prints: each `console` block that runs it is run again and compared.
//! `SSETRACE_BLESS=1` writes them again.
#![allow(clippy::unwrap_used)] // A test that cannot set up its case fails.

use ssetrace::decode::skip;
use ssetrace::model::Label;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const OPENS: &str = "```console\n";
const CLOSES: &str = "```";

#[test]
fn every_table_in_the_pages_is_what_the_program_prints() {
    let mut stale = Vec::new();
    let mut held = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        let printed = with_blocks(&text, |block| {
            let (command, _) = block.split_once('\n').unwrap();
            let command = command.strip_prefix("$ ssetrace ")?;
            held += 1;
            Some(format!("$ ssetrace {command}\n{}", run(command)))
        });
        if printed != text {
            if std::env::var_os("SSETRACE_BLESS").is_some() {
                fs::write(&page, printed).unwrap();
            } else {
                stale.push(differences(&page, &text, &printed));
            }
        }
    }
    assert!(held > 10, "the pages show {held} commands");
    assert!(
        stale.is_empty(),
        "{}\nIf this is what should be printed: SSETRACE_BLESS=1 cargo test --test docs",
        stale.join("\n")
    );
}

#[test]
fn every_link_between_the_pages_leads_somewhere() {
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1) {
            let target = link.split_once(')').unwrap().0;
            let path = target.split('#').next().unwrap();
            let inside = !path.is_empty() && !path.contains("://");
            let there = page.parent().unwrap().join(path);
            assert!(!inside || there.exists(), "{}: {target}", page.display());
        }
    }
}

#[test]
fn the_page_about_tcp_explains_every_label_and_every_reason() {
    let page = fs::read_to_string(root().join("docs/tcp.md")).unwrap();
    let labels = Label::ALL.iter();
    let labels = labels.take_while(|label| **label != Label::Request);
    let labels = labels.map(|label| label.name());
    let reasons = skip::ALL.iter().map(|reason| reason.0);
    for word in labels.chain(reasons) {
        assert!(page.contains(&format!("| `{word}` |")), "{word}");
    }
}

/// The README and all of docs/.
fn pages() -> Vec<PathBuf> {
    let mut pages = vec![root().join("README.md"), root().join("CHANGELOG.md")];
    for entry in fs::read_dir(root().join("docs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "md") {
            pages.push(path);
        }
    }
    pages.sort();
    pages
}

/// The page with each block replaced by what `printed` makes of it; None leaves it.
fn with_blocks(page: &str, mut printed: impl FnMut(&str) -> Option<String>) -> String {
    let mut whole = String::new();
    let mut rest = page;
    while let Some((before, block)) = rest.split_once(OPENS) {
        let (block, after) = block.split_once(CLOSES).unwrap();
        whole += before;
        whole += OPENS;
        whole += printed(block).as_deref().unwrap_or(block);
        whole += CLOSES;
        rest = after;
    }
    whole + rest
}

/// What a shell prints of `ssetrace COMMAND`.
fn run(command: &str) -> String {
    let program = env!("CARGO_BIN_EXE_ssetrace");
    let output = Command::new("sh")
        .current_dir(root())
        .env("NO_COLOR", "1")
        .env("LC_ALL", "C.UTF-8")
        .args(["-c", &format!("\"$0\" {command}"), program])
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}: {complaint}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.is_empty(), "{command} prints nothing");
    complaint.into_owned() + &text
}

fn differences(page: &Path, was: &str, now: &str) -> String {
    let first = was.lines().zip(now.lines()).find(|(was, now)| was != now);
    let (was, now) = first.unwrap_or(("the end", "more or less"));
    format!("{}\n  was {was}\n  now {now}", page.display())
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
