//! Which cases there are: every place of every account and path, with every seed; and a sample of them. Seeds that draw
//! the same disturbance make the same case, which is listed once, by the smallest of them.
//!
//! Places that an undisturbed journey passes are killed at under every seed. Those that only a disturbance leads to are
//! learnt from one journey per family of disturbances, and killed at under the seeds of that family. The paths that one
//! account takes for all meet one seed of each family.

use crate::case::{Case, Path as CasePath};
use crate::disturbance::{Disturbance, Draw, Side};
use crate::house::Ground;
use crate::journey;
use anyhow::Result;
use futures::{StreamExt as _, TryStreamExt as _};
use gangway_simulator::demo_accounts;
use std::collections::{BTreeMap, BTreeSet};

/// Accounts looked at at once when places are listed.
const AT_ONCE: usize = 8;

/// Every case.
pub async fn everything(ground: &Ground, seeds: u64) -> Result<Vec<Case>> {
    let seeds = &distinct(seeds);
    let paths: Vec<(String, CasePath)> = demo_accounts()
        .into_iter()
        .flat_map(|account| {
            let paths = CasePath::of(&account.account_id, &account.expected);
            paths.into_iter().map(move |path| (account.account_id.clone(), path))
        })
        .collect();
    let looks = looks(seeds);
    let journeys =
        paths.iter().flat_map(|(account, path)| looks.iter().map(move |look| (account, *path, *look)));
    let passed: Vec<Vec<(String, usize)>> = futures::stream::iter(journeys)
        .map(|(account, path, (_, seed))| journey::places(ground, account, path, seed))
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let by_path = passed.chunks(looks.len().max(1));
    Ok(paths
        .iter()
        .zip(by_path)
        .flat_map(|((account, path), passed)| {
            let passed: Vec<Passed> = looks.iter().map(|(family, _)| *family).zip(passed).collect();
            match path {
                CasePath::Deliver | CasePath::Approve | CasePath::Reject => {
                    cases(account, *path, &passed, seeds)
                }
                // They share most of the way with the others, and one account takes them.
                CasePath::Press | CasePath::Sign | CasePath::Message => {
                    cases(account, *path, &passed, &few(seeds, &looks))
                }
            }
        })
        .collect())
}

/// What seeds have in common, and none.
type Family = Option<(&'static str, Side)>;
/// The places that a journey under a family of disturbances passes, each with how often.
type Passed<'p> = (Family, &'p Vec<(String, usize)>);

/// The journeys from which places are learnt: an undisturbed one, and of each family one whose fault lasts longest.
fn looks(seeds: &[u64]) -> Vec<(Family, u64)> {
    let mut looks = BTreeMap::from([(None, 0)]);
    for seed in seeds {
        let disturbance = Disturbance::drawn(*seed);
        let Some(family) = disturbance.family() else { continue };
        let is_longer = |known: &u64| Disturbance::drawn(*known).repeats() < disturbance.repeats();
        if looks.get(&Some(family)).is_none_or(is_longer) {
            looks.insert(Some(family), *seed);
        }
    }
    looks.into_iter().collect()
}

/// One seed of each family, and those that show only after a crash.
fn few(seeds: &[u64], looks: &[(Family, u64)]) -> Vec<u64> {
    let is_looked_at = |seed: &u64| looks.iter().any(|(_, looked)| looked == seed);
    let has_family = |seed: &u64| Disturbance::drawn(*seed).family().is_some();
    seeds.iter().copied().filter(|seed| is_looked_at(seed) || !has_family(seed)).collect()
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

fn cases(account: &str, path: CasePath, passed: &[Passed], seeds: &[u64]) -> Vec<Case> {
    let often = |family: Family, place: &str| {
        let places = passed.iter().find(|(known, _)| *known == family).map_or(&[][..], |(_, places)| places);
        places.iter().find(|(known, _)| known == place).map_or(0, |(_, times)| *times)
    };
    let places: BTreeSet<&String> =
        passed.iter().flat_map(|(_, places)| places.iter().map(|(place, _)| place)).collect();
    let mut cases = match path {
        CasePath::Sign => of_the_clock(account, seeds),
        CasePath::Deliver | CasePath::Approve | CasePath::Reject | CasePath::Press | CasePath::Message => {
            Vec::new()
        }
    };
    for place in places {
        for seed in seeds {
            let under = often(Disturbance::drawn(*seed).family(), place);
            cases.extend((1..=under.max(often(None, place))).map(|occurrence| Case {
                account: account.to_owned(),
                path,
                place: format!("{place}#{occurrence}"),
                seed: *seed,
            }));
        }
    }
    cases
}

/// Places of jobs that are due while a case of the longest path lasts, if it lasts long enough.
fn of_the_clock(account: &str, seeds: &[u64]) -> Vec<Case> {
    let mut cases = Vec::new();
    for moment in ["claimed", "worked", "ended"] {
        for job in ["approvals", "outbox"] {
            cases.extend(seeds.iter().map(|seed| Case {
                account: account.to_owned(),
                path: CasePath::Sign,
                place: format!("schedule.{moment}:{job}#1"),
                seed: *seed,
            }));
        }
    }
    cases
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
