//! Which cases there are: every place of every account and path, with every seed; and a sample of them.

use crate::case::{Case, Path as CasePath};
use crate::disturbance::Draw;
use crate::journey;
use anyhow::Result;
use futures::{StreamExt as _, TryStreamExt as _};
use gangway_simulator::demo_accounts;
use std::path::Path;

/// Accounts looked at at once when places are listed.
const AT_ONCE: usize = 4;

/// Every case.
pub async fn everything(binary: &Path, seeds: u64) -> Result<Vec<Case>> {
    let journeys = demo_accounts().into_iter().flat_map(|account| {
        let paths: &[CasePath] = match account.expected.as_str() {
            "ESCALATE" => &CasePath::ALL,
            _ => &[CasePath::Deliver],
        };
        paths.iter().map(move |path| (account.account_id.clone(), *path))
    });
    let found: Vec<Vec<Case>> = futures::stream::iter(journeys)
        .map(|(account, path)| async move {
            let places = journey::places(binary, &account, path).await?;
            anyhow::Ok(cases(&account, path, &places, seeds))
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(found.concat())
}

fn cases(account: &str, path: CasePath, places: &[(String, usize)], seeds: u64) -> Vec<Case> {
    let case = |place: &str, occurrence: usize, seed| Case {
        account: account.to_owned(),
        path,
        place: format!("{place}#{occurrence}"),
        seed,
    };
    places
        .iter()
        .flat_map(|(place, times)| (1..=*times).map(move |occurrence| (place, occurrence)))
        .flat_map(|(place, occurrence)| (0..seeds).map(move |seed| case(place, occurrence, seed)))
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
