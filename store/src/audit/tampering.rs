//! Ten thousand random tamperings with an export, by somebody who has everything but the key: all of them are found.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use super::chain::{self, Hash, NO_HASH, canonical_record};
use super::line::{self, Link};
use super::{AuditBreak, Beginning, Inspected, Witness, inspect_export};
use ed25519_dalek::SigningKey;
use gangway_protocol::Actor;
use gangway_protocol::audit::AuditRecord;
use gangway_protocol::checkpoint::{Attested, Checkpoint, GivenUp, NO_CHECKPOINT};
use serde_json::json;

const ENTRIES: u64 = 12;
const TAMPERINGS: u64 = 10_000;

/// Small, seeded, and the same everywhere (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(end).unwrap()).unwrap()
    }
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn record(number: u64, by: &str) -> String {
    let at = "2026-01-02T03:04:05Z".parse().unwrap();
    let mut record = AuditRecord::done(
        "tasks.update",
        &Actor::person(by),
        json!({ "task_id": format!("t-{number}") }),
        at,
    );
    record.call_id = format!("call-{number}");
    canonical_record(&record).unwrap()
}

/// Entries after a place, linked and hashed as the store does.
fn entries((after, mut previous): (u64, Hash), count: u64, by: &str) -> (Vec<String>, Hash) {
    let mut lines = Vec::new();
    for seq in after + 1..=after + count {
        let record = record(seq, by);
        let hash = chain::hash(seq, &previous, record.as_bytes());
        lines.push(line::write(&Link { seq, previous, hash, record: record.as_bytes() }));
        previous = hash;
    }
    (lines, previous)
}

fn signed(number: u64, previous: &str, (seq, head): (u64, &Hash), key: &SigningKey) -> Checkpoint {
    let at = "2026-01-02T04:00:00Z".parse().unwrap();
    let (previous, head) = (previous.to_owned(), chain::text(head));
    Checkpoint::sign(Attested { number, previous, seq, head, at, restored: None }, key).unwrap()
}

/// What an auditor has.
#[derive(Clone)]
struct Case {
    lines: Vec<String>,
    checkpoints: Vec<Checkpoint>,
}

impl Case {
    fn honest() -> Self {
        let (first, middle) = entries((0, NO_HASH), ENTRIES / 2, "Ada");
        let (second, head) = entries((ENTRIES / 2, middle), ENTRIES / 2, "Ada");
        let one = signed(1, NO_CHECKPOINT, (ENTRIES / 2, &middle), &key(1));
        let two = signed(2, &one.digest().unwrap(), (ENTRIES, &head), &key(1));
        let header = Beginning { after: 0, head: chain::text(&NO_HASH) }.header().unwrap();
        let closing = two.line().unwrap();
        let lines = [header].into_iter().chain(first).chain(second).chain([closing]).collect();
        Self { lines, checkpoints: vec![one, two] }
    }

    fn bytes(&self) -> Vec<u8> {
        self.lines.iter().flat_map(|line| [line.as_bytes(), b"\n"].concat()).collect()
    }

    fn entry(&self, seq: u64) -> Link<'_> {
        line::read(&self.lines[usize::try_from(seq).unwrap()]).unwrap()
    }
}

fn inspected(export: &[u8], checkpoints: &[Checkpoint]) -> Inspected {
    let keys = [key(1).verifying_key()];
    inspect_export(export, Witness::of(checkpoints, &keys), &keys).unwrap()
}

/// The export and checkpoints after one tampering of a kind; the same export when the dice said so.
fn tampered(kind: u64, honest: &Case, dice: &mut Dice) -> (Vec<u8>, Vec<Checkpoint>) {
    let mut case = honest.clone();
    let entry = 1 + dice.below(usize::try_from(ENTRIES).unwrap());
    let other = 1 + dice.below(usize::try_from(ENTRIES).unwrap());
    match kind {
        // A byte, anywhere.
        0 => {
            let mut bytes = case.bytes();
            let place = dice.below(bytes.len());
            bytes[place] = u8::try_from(dice.below(256)).unwrap();
            return (bytes, case.checkpoints);
        }
        // A word of a record.
        1 => case.lines[entry] = case.lines[entry].replace("Ada", "Bob"),
        2 => drop(case.lines.remove(entry)),
        3 => case.lines.insert(other, case.lines[entry].clone()),
        // An entry nobody wrote, well made for its place.
        4 => {
            let place = u64::try_from(entry).unwrap();
            let (lines, _) = entries((place - 1, case.entry(place).previous), 1, "Eve");
            case.lines.insert(entry, lines[0].clone());
        }
        5 => case.lines.swap(entry, other),
        // Anywhere, in the middle of a line too.
        6 => {
            let mut bytes = case.bytes();
            bytes.truncate(dice.below(bytes.len()));
            return (bytes, case.checkpoints);
        }
        // The end, with a checkpoint of before as the new end.
        7 => {
            case.lines.truncate(usize::try_from(ENTRIES / 2).unwrap() + 1);
            case.lines.push(case.checkpoints[0].line().unwrap());
        }
        // Written anew from an entry on, to the same length, under the true checkpoint.
        8 => rechain(&mut case, u64::try_from(entry).unwrap(), 0),
        // The same, longer or shorter, and signed with a key of one's own.
        9 => {
            let length = ENTRIES - 2 + u64::try_from(dice.below(5)).unwrap();
            rechain(&mut case, u64::try_from(entry.min(8)).unwrap(), length);
        }
        // The newest checkpoint taken away, and an entry with it.
        10 => {
            case.checkpoints.pop();
            case.lines.remove(entry);
        }
        // A checkpoint altered.
        _ => {
            let checkpoint = &mut case.checkpoints[dice.below(2)].attested;
            match dice.below(4) {
                0 => checkpoint.seq ^= 1 + dice.roll() % 7,
                1 => checkpoint.number += 1 + dice.roll() % 7,
                2 => checkpoint.head = chain::text(&[7; 32]),
                _ => checkpoint.restored = Some(GivenUp { after: 1, backup_at: checkpoint.at }),
            }
        }
    }
    (case.bytes(), case.checkpoints)
}

/// Writes everything from an entry on anew; with a length of one's own, signed anew, too.
fn rechain(case: &mut Case, from: u64, length: u64) {
    let closing = case.lines.last().unwrap().clone();
    let end = if length == 0 { ENTRIES } else { length.max(from) };
    let previous = case.entry(from).previous;
    let (forged, head) = entries((from - 1, previous), end + 1 - from, "Eve");
    case.lines.truncate(usize::try_from(from).unwrap());
    case.lines.extend(forged);
    case.lines.push(match length {
        0 => closing,
        _ => signed(3, &case.checkpoints[1].digest().unwrap(), (end, &head), &key(2)).line().unwrap(),
    });
}

#[test]
fn an_honest_export_is_whole() {
    let honest = Case::honest();
    for checkpoints in [&honest.checkpoints[..], &honest.checkpoints[..1], &honest.checkpoints[1..], &[]] {
        let inspected = inspected(&honest.bytes(), checkpoints);
        assert_eq!((inspected.breaks.as_slice(), inspected.entries), (&[][..], ENTRIES));
        assert_eq!((inspected.unsealed, inspected.sealed.unwrap().number), (0, 2));
    }
}

#[test]
fn ten_thousand_random_tamperings_are_all_found() {
    let (honest, mut dice) = (Case::honest(), Dice(4));
    let keys = [key(1).verifying_key()];
    let (whole, witness, mut found) = (honest.bytes(), Witness::of(&honest.checkpoints, &keys), 0);
    for round in 0.. {
        // Signatures take long in a test build, so what needs new ones checked comes less often.
        let kind = if round % 100 == 99 { 9 + round / 100 % 3 } else { round % 9 };
        let (export, checkpoints) = tampered(kind, &honest, &mut dice);
        // The dice may swap an entry with itself.
        if export == whole && checkpoints == honest.checkpoints {
            continue;
        }
        let inspected = match kind {
            0..=9 => inspect_export(&*export, witness.clone(), &keys).unwrap(),
            _ => inspected(&export, &checkpoints),
        };
        assert!(!inspected.is_whole(), "round {round}: a tampering of kind {kind} was not found");
        found += 1;
        if found == TAMPERINGS {
            return;
        }
    }
}

#[test]
fn each_kind_is_called_by_its_name() {
    let honest = Case::honest();
    let mut dice = Dice(1);
    let first = |(export, checkpoints): (Vec<u8>, Vec<Checkpoint>)| {
        inspected(&export, &checkpoints).breaks.into_iter().next().unwrap()
    };
    assert!(matches!(first(tampered(1, &honest, &mut dice)), AuditBreak::Altered { .. }));
    assert!(matches!(first(tampered(2, &honest, &mut dice)), AuditBreak::Missing { .. }));
    assert!(matches!(
        first(tampered(4, &honest, &mut dice)),
        AuditBreak::OutOfOrder { .. } | AuditBreak::Unlinked { .. }
    ));
    let cut = AuditBreak::Cut { number: 2, attested: ENTRIES, found: ENTRIES / 2 };
    assert_eq!(first(tampered(7, &honest, &mut dice)), cut);
    assert!(matches!(first(tampered(8, &honest, &mut dice)), AuditBreak::Rewritten { .. }));
    let mut open = honest.clone();
    open.lines.pop();
    assert_eq!(first((open.bytes(), Vec::new())), AuditBreak::NotClosed { found: ENTRIES });
}

#[test]
fn two_audits_under_one_key_are_a_fork() {
    let mut honest = Case::honest();
    let (_, head) = entries((0, NO_HASH), ENTRIES, "Bob");
    let twin = signed(2, &honest.checkpoints[0].digest().unwrap(), (ENTRIES, &head), &key(1));
    honest.checkpoints.push(twin);
    let inspected = inspected(&honest.bytes(), &honest.checkpoints);
    assert!(inspected.breaks.contains(&AuditBreak::Forked { number: 2 }), "{:?}", inspected.breaks);
}

#[test]
fn entries_after_the_last_checkpoint_are_counted() {
    let honest = Case::honest();
    let keys = [key(1).verifying_key()];
    let mut inspection = super::Inspection::of_whole(Witness::of(&honest.checkpoints[..1], &keys));
    for seq in 1..=ENTRIES {
        inspection.link(&honest.entry(seq));
    }
    let inspected = inspection.end();
    assert_eq!((inspected.is_whole(), inspected.unsealed), (true, ENTRIES / 2));
}

/// The honest one, restored from a backup of its first half, with so many entries since; exported by a checkpoint that says so.
fn restored(honest: &Case, since: u64) -> Case {
    let (kept, middle) = entries((0, NO_HASH), ENTRIES / 2, "Ada");
    let (after, head) = entries((ENTRIES / 2, middle), since, "root");
    let at = "2026-02-01T00:00:00Z".parse().unwrap();
    let attested = Attested {
        number: 3,
        previous: honest.checkpoints[1].digest().unwrap(),
        seq: ENTRIES / 2 + since,
        head: chain::text(&head),
        at,
        restored: Some(GivenUp { after: ENTRIES / 2, backup_at: at }),
    };
    let restored = Checkpoint::sign(attested, &key(1)).unwrap();
    let header = honest.lines[0].clone();
    let lines = [header].into_iter().chain(kept).chain(after).chain([restored.line().unwrap()]).collect();
    let mut checkpoints = honest.checkpoints.clone();
    checkpoints.push(restored);
    Case { lines, checkpoints }
}

#[test]
fn an_export_closed_by_a_checkpoint_that_a_restore_made_void_says_just_that() {
    let honest = Case::honest();
    for since in [1, ENTRIES] {
        let now = restored(&honest, since);
        let old = inspected(&honest.bytes(), &now.checkpoints);
        assert_eq!(old.breaks, [AuditBreak::Void { number: 2, after: ENTRIES / 2 }]);
        assert_eq!(inspected(&now.bytes(), &now.checkpoints).breaks, []);
    }
    assert_eq!(inspected(&honest.bytes(), &honest.checkpoints).breaks, [], "of then it is the end");
}

#[test]
fn entries_made_up_beyond_a_restored_audit_are_not_proved_by_a_void_checkpoint() {
    let honest = Case::honest();
    let now = restored(&honest, 1);
    // What is true up to the end of now, and then whatever one likes, up to where the void checkpoint stands.
    let true_end = now.entry(ENTRIES / 2 + 1).hash;
    let (forged, _) = entries((ENTRIES / 2 + 1, true_end), ENTRIES / 2 - 1, "Eve");
    let mut lines = now.lines.clone();
    lines.pop();
    lines.extend(forged);
    lines.push(honest.checkpoints[1].line().unwrap());
    let found = inspected(&Case { lines, ..now.clone() }.bytes(), &now.checkpoints);
    assert!(found.breaks.contains(&AuditBreak::Rewritten { seq: ENTRIES, number: 2 }), "{:?}", found.breaks);
}

#[test]
fn a_restore_is_told_and_is_no_break() {
    let honest = Case::honest();
    let case = restored(&honest, 1);
    let told = inspected(&case.bytes(), &case.checkpoints);
    assert_eq!(told.breaks, []);
    assert_eq!(told.restores[0].gave_up(), ENTRIES / 2);
    let mut silent = case.clone();
    let word = silent.checkpoints.pop().unwrap().attested;
    let unsaid = Checkpoint::sign(Attested { restored: None, ..word }, &key(1)).unwrap();
    *silent.lines.last_mut().unwrap() = unsaid.line().unwrap();
    let broken = inspected(&silent.bytes(), &silent.checkpoints).breaks;
    assert!(matches!(broken[..], [AuditBreak::Cut { attested: ENTRIES, .. }]), "{broken:?}");
}
