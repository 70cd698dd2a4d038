//! Holds the arrows of the house: which room may use which, as docs/ARCHITECTURE.md lists them, read from the code.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Room → rooms it may use, from the table in docs/ARCHITECTURE.md: a line `| room | may use |`.
fn allowed() -> BTreeMap<String, BTreeSet<String>> {
    let text =
        fs::read_to_string(root().join("docs/ARCHITECTURE.md")).expect("docs/ARCHITECTURE.md");
    let table = text
        .split("<!-- arrows -->")
        .nth(1)
        .expect("the table of arrows");
    let mut rooms = BTreeMap::new();
    for line in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let names = |cell: &str| {
            cell.split('`')
                .skip(1)
                .step_by(2)
                .map(str::to_owned)
                .collect::<BTreeSet<_>>()
        };
        let room = names(cells[1]).pop_first().expect("a room's name");
        rooms.insert(room, names(cells[2]));
    }
    rooms
}

/// Room → rooms that its files name with `crate::`, tests included.
fn used() -> BTreeMap<String, BTreeSet<String>> {
    let mut rooms: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in fs::read_dir(root().join("src")).expect("src") {
        let path = entry.expect("an entry").path();
        if !path.is_dir() {
            continue;
        }
        let room = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let uses = rooms.entry(room.clone()).or_default();
        for file in files(&path) {
            let text = fs::read_to_string(&file).expect("a source file");
            for line in text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
            {
                for part in line.split("crate::").skip(1) {
                    let name: String = part
                        .chars()
                        .take_while(|c| c.is_alphanumeric() || *c == '_')
                        .collect();
                    if !name.is_empty() && name != room && root().join("src").join(&name).is_dir() {
                        uses.insert(name);
                    }
                }
            }
        }
    }
    rooms
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn every_room_uses_only_the_rooms_that_the_architecture_allows() {
    let allowed = allowed();
    for (room, uses) in used() {
        let may = allowed
            .get(&room)
            .unwrap_or_else(|| panic!("docs/ARCHITECTURE.md does not list the room {room}"));
        let more: Vec<_> = uses.difference(may).collect();
        assert!(
            more.is_empty(),
            "{room} uses {more:?}, which docs/ARCHITECTURE.md does not allow"
        );
    }
}

#[test]
fn the_architecture_lists_no_room_and_no_arrow_that_is_not_there() {
    let used = used();
    for (room, may) in allowed() {
        let uses = used
            .get(&room)
            .unwrap_or_else(|| panic!("there is no room {room}"));
        let unused: Vec<_> = may.difference(uses).collect();
        assert!(
            unused.is_empty(),
            "the arrows from {room} to {unused:?} are not used"
        );
    }
}

#[test]
fn the_arrows_have_no_circle() {
    let allowed = allowed();
    let mut left = allowed;
    while !left.is_empty() {
        let free: Vec<String> = left
            .iter()
            .filter(|(_, may)| may.iter().all(|other| !left.contains_key(other)))
            .map(|(room, _)| room.clone())
            .collect();
        assert!(!free.is_empty(), "a circle among {:?}", left.keys());
        for room in free {
            left.remove(&room);
        }
    }
}

#[test]
fn only_live_capture_and_the_terminal_look_at_a_clock() {
    for file in files(&root().join("src")) {
        let relative = file
            .strip_prefix(root().join("src"))
            .expect("below src")
            .to_string_lossy()
            .into_owned();
        if relative.starts_with("capture/") || relative.starts_with("cli/") {
            continue;
        }
        let text = fs::read_to_string(&file).expect("a source file");
        assert!(
            !text.contains("Instant::now") && !text.contains("SystemTime::now"),
            "{relative} looks at a clock"
        );
    }
}

#[test]
fn anyhow_is_used_by_the_command_line_only() {
    for file in files(&root().join("src")) {
        let relative = file
            .strip_prefix(root().join("src"))
            .expect("below src")
            .to_string_lossy()
            .into_owned();
        if !relative.starts_with("cli/") {
            let text = fs::read_to_string(&file).expect("a source file");
            assert!(!text.contains("anyhow::"), "{relative} uses anyhow");
        }
    }
}
