//! Which cases there are: every place of every account and path, with every seed; and a sample of them. Seeds that draw
//! the same disturbance make the same case, which is listed once, by the smallest of them.

use crate::case::{Case, Path as CasePath};
use crate::disturbance::{Disturbance, Draw};
use crate::house::Ground;
use crate::journey;
use anyhow::Result;
use futures::{StreamExt as _, TryStreamExt as _};
use gangway_simulator::demo_accounts;

/// Accounts looked at at once when places are listed.
const AT_ONCE: usize = 4;

/// Every case.
pub async fn everything(ground: &Ground, seeds: u64) -> Result<Vec<Case>> {
    let seeds = &distinct(seeds);
    let journeys = demo_accounts().into_iter().flat_map(|account| {
        let paths: &[CasePath] = match account.expected.as_str() {
            "ESCALATE" => &CasePath::ALL,
            _ => &[CasePath::Deliver],
        };
        paths.iter().map(move |path| (account.account_id.clone(), *path))
    });
    let found: Vec<Vec<Case>> = futures::stream::iter(journeys)
        .map(|(account, path)| async move {
            let places = journey::places(ground, &account, path).await?;
            anyhow::Ok(cases(&account, path, &places, seeds))
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(found.concat())
}

/// The first seed of each disturbance.
fn distinct(seeds: u64) -> Vec<u64> {
    let mut seen = Vec::new();
    (0..seeds)
        .filter(|seed| {
            let drawn = Disturbance::drawn(*seed);
            let is_new = !seen.contains(&drawn);
            seen.extend(is_new.then_some(drawn));
            is_new
        })
        .collect()
}

fn cases(account: &str, path: CasePath, places: &[(String, usize)], seeds: &[u64]) -> Vec<Case> {
    let case = |place: &str, occurrence: usize, seed| Case {
        account: account.to_owned(),
        path,
        place: format!("{place}#{occurrence}"),
        seed,
    };
    places
        .iter()
        .flat_map(|(place, times)| (1..=*times).map(move |occurrence| (place, occurrence)))
        .flat_map(|(place, occurrence)| seeds.iter().map(move |seed| case(place, occurrence, *seed)))
        .collect()
}

/// So many of them, drawn without repetition; the same for the same draw.
pub fn sample(all: &[Case], wanted: usize, draw: u64) -> Vec<Case> {
    let mut left: Vec<&Case> = all.iter().collect();
    let mut draw = Draw(draw);
    let mut chosen = Vec::new();
    while chosen.len() < wanted && !left.is_empty() {
        let index = usize::try_from(draw.below(left.len() as u64)).unwrap_or(0);
        chosen.push(left.swap_remove(index).clone());
    }
    chosen
}
