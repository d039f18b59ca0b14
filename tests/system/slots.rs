//! What a vendor allows an account at once, shared by processes that know nothing of each other: by the vendor's own count.

use crate::harness::House;
use crate::served::{Served, send};
use serde_json::{Value, json};
use std::fs::File;
use std::thread;

/// What NetSuite allows an account without further licences.
const ALLOWED: usize = 5;

fn netsuite(house: &House) -> Served {
    Served::start(house, &["mcp", "netsuite"], &[])
}

/// A call that no other can be answered together with.
fn rate_of(day: usize) -> Value {
    json!({"name": "netsuite.get_exchange_rate",
        "arguments": {"from": "CAD", "to": "USD", "date": format!("2026-01-{:02}", day + 1)}})
}

/// The most calls that NetSuite saw at once.
fn peak(house: &House) -> Value {
    house.vendors().get("/_simulator/calls")["peak_concurrency"]["netsuite"].clone()
}

/// How many of the slots nobody holds.
fn free_slots(house: &House) -> usize {
    let folder = house.data_dir().join("limits/netsuite");
    let slot = |index| File::options().write(true).open(folder.join(format!("slot-{index}.lock")));
    (0..ALLOWED).filter(|index| slot(*index).is_ok_and(|file| file.try_lock().is_ok())).count()
}

#[test]
fn three_servers_on_one_data_folder_ask_a_vendor_no_more_at_once_than_one_may() {
    let house = House::new();
    let servers = [netsuite(&house), netsuite(&house), netsuite(&house)];
    // Each gets its token, which is no call of the API and takes no slot, but is counted like one.
    let works = |server: &Served, day: usize| {
        let answer = server.call(None, &rate_of(day));
        assert_eq!(answer.json()["result"]["isError"], false, "{}", answer.body);
    };
    servers.iter().for_each(|server| works(server, 0));
    house.vendors().forget_calls();
    house.vendors().fault(&json!({"vendor": "netsuite", "kind": "latency", "ms": 100}));
    thread::scope(|threads| {
        for (server, day) in servers
            .iter()
            .zip(0..)
            .flat_map(|(server, first)| (0..8).map(move |day| (server, 8 * first + day)))
        {
            threads.spawn(move || works(server, day));
        }
    });
    assert_eq!(peak(&house), ALLOWED, "all of what is allowed is used, and no more");
}

#[test]
fn a_server_that_is_killed_while_it_holds_every_slot_frees_them() {
    let house = House::new();
    house.vendors().fault(&json!({"vendor": "netsuite", "kind": "latency", "ms": 600_000}));
    let (killed, other) = (netsuite(&house), netsuite(&house));
    let url = killed.url.clone();
    thread::scope(|threads| {
        for day in 0..ALLOWED {
            let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": rate_of(day)});
            let url = &url;
            // Nobody will answer it.
            threads.spawn(move || {
                send(url, None, Some(&message.to_string()), &[("mcp-protocol-version", "2025-11-25")])
            });
        }
        house.until("every slot is held", || peak(&house) == ALLOWED);
        assert_eq!(free_slots(&house), 0);
        drop(killed);
    });
    assert_eq!(free_slots(&house), ALLOWED);
    house.vendors().heal();
    let answer = other.call(None, &rate_of(0));
    assert_eq!(answer.json()["result"]["isError"], false, "{}", answer.body);
}
