//! The repository's own rules: arrows between rooms, file headers and sizes, documentation that is true.
//!
//! Reads the tree as text. Rules of the language itself are the compiler's and clippy's business.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use gangway_protocol::offers;
use gangway_protocol::tools::describe_all;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const PROTOCOL: &str = "gangway-protocol";
const STORE: &str = "gangway-store";
const GOVERNANCE: &str = "gangway-governance";
const TOOLBELT: &str = "gangway-toolbelt";
const SIMULATOR: &str = "gangway-simulator";

/// What each room may use. `app` and `tests` may use everything.
fn arrows() -> BTreeMap<&'static str, Vec<&'static str>> {
    BTreeMap::from([
        ("protocol", vec![]),
        ("store", vec![PROTOCOL]),
        ("agents/coordinator/decision", vec![PROTOCOL]),
        ("agents/toolbelt", vec![PROTOCOL]),
        ("agents/advisor", vec![PROTOCOL]),
        ("agents/durable", vec![PROTOCOL, STORE]),
        ("agents/contract", vec![TOOLBELT, PROTOCOL]),
        ("agents/finance", vec![TOOLBELT, PROTOCOL]),
        ("agents/task-monitor", vec![TOOLBELT, PROTOCOL]),
        (
            "agents/coordinator",
            vec![
                "gangway-decision",
                "gangway-durable",
                TOOLBELT,
                "gangway-advisor",
                STORE,
                PROTOCOL,
                "gangway-contract",
                "gangway-finance",
            ],
        ),
        ("mcp-servers/governance", vec![PROTOCOL, STORE]),
        ("mcp-servers/salesforce", vec![GOVERNANCE, PROTOCOL]),
        ("mcp-servers/clm", vec![GOVERNANCE, PROTOCOL]),
        ("mcp-servers/netsuite", vec![GOVERNANCE, PROTOCOL]),
        ("mcp-servers/provision", vec![GOVERNANCE, PROTOCOL, STORE]),
        ("mcp-servers/tasks", vec![GOVERNANCE, PROTOCOL, STORE]),
        ("mcp-servers/notify", vec![GOVERNANCE, PROTOCOL, STORE]),
        ("app/intake", vec![PROTOCOL]),
        ("fixtures/simulator", vec![]),
    ])
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file git would keep, as paths relative to the root.
fn tracked() -> Vec<String> {
    fn walk(folder: &Path, root: &Path, found: &mut Vec<String>) {
        let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if matches!(name.as_str(), "target" | ".git" | "gangway-data" | "node_modules") {
                continue;
            }
            if path.is_dir() {
                walk(&path, root, found);
            } else {
                found.push(path.strip_prefix(root).unwrap().to_string_lossy().into_owned());
            }
        }
    }
    let mut found = Vec::new();
    walk(&root(), &root(), &mut found);
    found
}

fn rust_files() -> Vec<String> {
    tracked().into_iter().filter(|path| path.ends_with(".rs")).collect()
}

/// Our own crates named in one table of a manifest.
fn ours(manifest: &str, table: &str) -> BTreeSet<String> {
    let start = format!("[{table}]");
    manifest
        .lines()
        .skip_while(|line| line.trim() != start)
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| line.starts_with("gangway"))
        .filter_map(|line| line.split(['.', ' ', '=']).next().map(str::to_owned))
        .collect()
}

#[test]
fn rooms_use_only_what_the_design_lets_them() {
    let mut wrong = Vec::new();
    for (room, allowed) in arrows() {
        let manifest = read(format!("{room}/Cargo.toml"));
        for used in ours(&manifest, "dependencies") {
            if !allowed.contains(&used.as_str()) {
                wrong.push(format!("{room} uses {used}"));
            }
        }
        // Servers are tested against the simulated vendors, and behind governance, which wants a store.
        // The adviser is tested against the simulated model.
        let lent = match room {
            "agents/advisor" => vec![SIMULATOR],
            room if room.starts_with("mcp-servers/") => vec![SIMULATOR, STORE],
            _ => vec![],
        };
        for used in ours(&manifest, "dev-dependencies") {
            if !allowed.contains(&used.as_str()) && !lent.contains(&used.as_str()) {
                wrong.push(format!("{room} uses {used} in its tests"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_room_is_in_the_arrows() {
    let manifest = read("Cargo.toml");
    let members = manifest.split("members = [").nth(1).unwrap().split(']').next().unwrap();
    let known = arrows();
    let missing: Vec<&str> = members
        .split(',')
        .map(|member| member.trim().trim_matches('"'))
        .filter(|member| {
            !member.is_empty()
                && !["app", "tests", "tests/fuzzed"].contains(member)
                && !known.contains_key(member)
        })
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn only_the_store_speaks_sql() {
    let wrong: Vec<String> = tracked()
        .into_iter()
        .filter(|path| path.ends_with("Cargo.toml") && path != "Cargo.toml" && path != "store/Cargo.toml")
        .filter(|path| read(path).contains("rusqlite"))
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_rust_file_says_what_it_does() {
    let wrong: Vec<String> = rust_files().into_iter().filter(|path| !read(path).starts_with("//!")).collect();
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn files_stay_short() {
    let wrong: Vec<String> = rust_files()
        .into_iter()
        .map(|path| (read(&path).lines().count(), path))
        .filter(|(lines, _)| *lines > 500)
        .map(|(lines, path)| format!("{path}: {lines} lines"))
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn no_test_sleeps_and_no_note_stays_without_an_issue() {
    let sleep = ["thread::", "sleep("].concat();
    let async_sleep = ["time::", "sleep("].concat();
    let todo = ["TO", "DO"].concat();
    let mut wrong = Vec::new();
    for path in rust_files() {
        // The crash matrix is a program that watches other processes: it has to wait between two looks.
        let is_program = path.starts_with("tests/crash_matrix/");
        let is_test = path.contains("/tests") || path.starts_with("tests/") || path.ends_with("tests.rs");
        let is_test = is_test && !is_program;
        for (number, line) in read(&path).lines().enumerate() {
            if is_test && (line.contains(&sleep) || line.contains(&async_sleep)) {
                wrong.push(format!("{path}:{}: sleeps", number + 1));
            }
            if line.contains(&todo) && !line.contains(&format!("{todo}(#")) {
                wrong.push(format!("{path}:{}: a note without an issue", number + 1));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn links_in_documents_lead_somewhere() {
    let mut wrong = Vec::new();
    for path in tracked().into_iter().filter(|path| path.ends_with(".md")) {
        let folder = root().join(&path).parent().unwrap().to_owned();
        for target in read(&path).split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next()) {
            let file = target.split('#').next().unwrap();
            let is_elsewhere = file.is_empty() || target.contains("://") || target.starts_with("mailto:");
            if !is_elsewhere && !folder.join(file).exists() {
                wrong.push(format!("{path}: {target}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_room_has_a_short_readme() {
    let mut wrong = Vec::new();
    for room in arrows().into_keys().chain(["app", "tests", "mcp-servers", "fixtures"]) {
        match fs::read_to_string(root().join(room).join("README.md")) {
            Ok(text) if text.lines().count() < 60 || room == "mcp-servers" => {}
            Ok(text) => wrong.push(format!("{room}/README.md has {} lines", text.lines().count())),
            Err(error) => wrong.push(format!("{room}/README.md: {error}")),
        }
    }
    let architecture = read("ARCHITECTURE.md").lines().count();
    if architecture > 200 {
        wrong.push(format!("ARCHITECTURE.md has {architecture} lines"));
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// The table of tools in `mcp-servers/README.md`, as it must stand there.
fn tool_table() -> String {
    let mut table = String::from("| tool | access | what it does |\n|---|---|---|\n");
    for tool in describe_all() {
        let text = |field: &str| tool[field].as_str().unwrap().to_owned();
        let access = if tool["annotations"]["readOnlyHint"] == true { "read" } else { "write" };
        table.push_str(&format!("| `{}` | {access} | {} |\n", text("name"), text("title")));
    }
    table
}

#[test]
fn the_table_of_tools_is_the_contracts_own() {
    let readme = read("mcp-servers/README.md");
    assert!(readme.contains(&tool_table()), "mcp-servers/README.md should contain:\n\n{}", tool_table());
}

#[test]
fn every_tool_contract_is_reviewed() {
    let mut by_server: BTreeMap<String, Vec<serde_json::Value>> = BTreeMap::new();
    for tool in describe_all() {
        let server = tool["name"].as_str().unwrap().split('.').next().unwrap().to_owned();
        by_server.entry(server).or_default().push(tool);
    }
    assert_eq!(by_server.len(), 10);
    for (server, tools) in by_server {
        insta::assert_json_snapshot!(format!("tools_{server}"), tools);
    }
}

#[test]
fn every_resource_prompt_and_completion_is_reviewed() {
    insta::assert_json_snapshot!("offers", offers::describe_all());
}

#[test]
fn no_path_of_one_machine_is_in_the_tree() {
    let roots = [["/wo", "rk/"].concat(), ["/home", "/"].concat(), ["/ro", "ot/"].concat()];
    let mut wrong = Vec::new();
    for path in tracked() {
        let Ok(text) = fs::read_to_string(root().join(&path)) else { continue };
        for (number, line) in text.lines().enumerate() {
            if roots.iter().any(|place| line.contains(place.as_str())) {
                wrong.push(format!("{path}:{}", number + 1));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
