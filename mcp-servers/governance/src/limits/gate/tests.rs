//! The gate under real concurrency: one probe, no place lost by whoever goes away.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails loudly")]

use super::{Asking, Gate, Pass};
use crate::limits::breaker::{Phase, Subject};
use crate::limits::settings::{LimitSettings, VendorLimits};
use crate::limits::{Limits, Vendor};
use futures::FutureExt as _;
use futures::future::join_all;
use gangway_protocol::{ApiError, ErrorType, System};
use std::time::Duration;

const ASKING: Asking<'static> =
    Asking { system: System::Netsuite, operation: "get_invoices", subject: Subject::Nobody };

fn limits(netsuite: VendorLimits) -> Limits {
    Limits::new(&LimitSettings { netsuite, ..LimitSettings::default() })
}

fn gate(netsuite: VendorLimits) -> Gate {
    limits(netsuite).gate(Vendor::Netsuite)
}

fn down() -> ApiError {
    ApiError::new(System::Netsuite, ErrorType::ServerError, "op", "HTTP_503", "down").with_status(503)
}

async fn fail(gate: &Gate) {
    gate.enter(ASKING).await.ok().unwrap().settle(Some(&down()));
}

async fn opened() -> Gate {
    let gate = gate(VendorLimits::default());
    for _ in 0..10 {
        fail(&gate).await;
    }
    assert_eq!(gate.view().phase, Phase::Open);
    gate
}

fn refusal(entered: Result<Pass, ApiError>) -> ApiError {
    match entered {
        Ok(_) => panic!("it was let in"),
        Err(error) => error,
    }
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_refuses_at_once_and_says_when_to_come_back() {
    let gate = opened().await;
    let error = refusal(gate.enter(ASKING).await);
    assert_eq!((error.error_code.as_str(), error.error_type), ("BREAKER_OPEN", ErrorType::ServerError));
    assert_eq!(error.retry_after_ms, Some(5_000));
    assert!(error.not_sent && error.retryable && !error.may_have_happened());
    assert!(error.message.contains("HTTP_503"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn exactly_one_of_many_at_the_same_moment_is_the_probe() {
    let gate = gate(VendorLimits { cool_down_ms: Some(0), ..VendorLimits::default() });
    for _ in 0..10 {
        fail(&gate).await;
    }
    for _ in 0..50 {
        assert_eq!(gate.view().phase, Phase::Open);
        let start = std::sync::Arc::new(tokio::sync::Barrier::new(32));
        let callers = (0..32).map(|_| {
            let (gate, start) = (gate.clone(), start.clone());
            tokio::spawn(async move {
                start.wait().await;
                gate.enter(ASKING).await
            })
        });
        let entered: Vec<_> = join_all(callers).await.into_iter().map(Result::unwrap).collect();
        let mut probes: Vec<Pass> = entered.into_iter().filter_map(Result::ok).collect();
        assert_eq!(probes.len(), 1);
        probes.pop().unwrap().settle(Some(&down()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_dropped_is_not_lost() {
    let gate = opened().await;
    tokio::time::advance(Duration::from_secs(5)).await;
    let probe = gate.enter(ASKING).await.ok().unwrap();
    assert_eq!(refusal(gate.enter(ASKING).await).error_code, "BREAKER_OPEN");
    drop(probe);
    gate.enter(ASKING).await.ok().unwrap().settle(None);
    assert_eq!(gate.view().phase, Phase::Closed);
    assert_eq!(gate.view().open_for, None);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_cancelled_while_it_waits_for_room_is_not_lost() {
    let limits = limits(VendorLimits { concurrency: Some(2), ..VendorLimits::default() });
    let gate = limits.gate(Vendor::Netsuite);
    let slow = gate.enter(ASKING).await.ok().unwrap();
    for _ in 0..10 {
        fail(&gate).await;
    }
    let narrow = VendorLimits { concurrency: Some(1), ..VendorLimits::default() };
    limits.replace(&LimitSettings { netsuite: narrow, ..LimitSettings::default() });
    tokio::time::advance(Duration::from_secs(5)).await;
    {
        let mut probe = Box::pin(gate.enter(ASKING));
        assert!((&mut probe).now_or_never().is_none());
        assert_eq!((gate.view().phase, gate.view().waiting), (Phase::HalfOpen, 1));
    }
    drop(slow);
    gate.enter(ASKING).await.ok().unwrap().settle(None);
    assert_eq!((gate.view().phase, gate.view().running, gate.view().waiting), (Phase::Closed, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn who_waited_while_the_vendor_died_is_refused_and_not_sent() {
    let gate = gate(VendorLimits { concurrency: Some(10), ..VendorLimits::default() });
    let running = join_all((0..10).map(|_| gate.enter(ASKING))).await;
    let mut waits = Box::pin(gate.enter(ASKING));
    assert!((&mut waits).now_or_never().is_none());
    for pass in running {
        pass.ok().unwrap().settle(Some(&down()));
    }
    assert_eq!(refusal(waits.await).error_code, "BREAKER_OPEN");
    assert_eq!((gate.view().running, gate.view().waiting), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_full_line_and_a_long_wait_end_readably() {
    let tight = VendorLimits {
        concurrency: Some(1),
        queue: Some(1),
        longest_wait_ms: Some(300),
        ..VendorLimits::default()
    };
    let gate = gate(tight);
    let _running = gate.enter(ASKING).await.ok().unwrap();
    let mut waits = Box::pin(gate.enter(ASKING));
    assert!((&mut waits).now_or_never().is_none());
    let full = refusal(gate.enter(ASKING).await);
    let long = refusal(waits.await);
    for error in [full, long] {
        assert_eq!((error.error_code.as_str(), error.error_type), ("BULKHEAD_FULL", ErrorType::RateLimit));
        assert!(error.not_sent && error.retry_after_ms.is_some());
    }
    assert_eq!((gate.view().running, gate.view().waiting), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn the_vendors_rate_is_waited_for_or_refused_by_how_long_it_takes() {
    let slow = VendorLimits {
        per_second: Some(1),
        burst: Some(1),
        longest_wait_ms: Some(1_500),
        ..VendorLimits::default()
    };
    let gate = gate(slow);
    let begun = tokio::time::Instant::now();
    let entered = join_all((0..3).map(|_| gate.enter(ASKING))).await;
    assert_eq!(entered.iter().filter(|entered| entered.is_ok()).count(), 2);
    assert!(begun.elapsed() >= Duration::from_secs(1), "the second waited for its token");
    let refused = entered.into_iter().find_map(Result::err).unwrap();
    assert_eq!(refused.error_code, "RATE_LIMITED");
    assert_eq!(gate.view().running, 0, "all passes are gone");
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_the_rate_is_served_in_the_order_of_coming() {
    let gate = gate(VendorLimits { per_second: Some(10), burst: Some(1), ..VendorLimits::default() });
    let order = std::sync::Mutex::new(Vec::new());
    join_all((0..20).map(|number| {
        let (gate, order) = (&gate, &order);
        async move {
            drop(gate.enter(ASKING).await.ok().unwrap());
            order.lock().unwrap().push(number);
        }
    }))
    .await;
    assert_eq!(order.into_inner().unwrap(), (0..20).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn an_hours_calls_are_spent_by_those_that_are_made_and_the_next_is_refused_at_once() {
    let gate = gate(VendorLimits { per_hour: Some(2), concurrency: Some(1), ..VendorLimits::default() });
    let running = gate.enter(ASKING).await.ok().unwrap();
    {
        let mut went_away = Box::pin(gate.enter(ASKING));
        assert!((&mut went_away).now_or_never().is_none());
    }
    drop(running);
    gate.enter(ASKING).await.ok().unwrap().settle(None);
    for error in [gate.refusal(ASKING).unwrap(), refusal(gate.enter(ASKING).await)] {
        assert_eq!((error.error_code.as_str(), error.error_type), ("QUOTA_USED_UP", ErrorType::RateLimit));
        assert!(error.not_sent && error.retry_after_ms.is_some_and(|ms| (1..=3_600_000).contains(&ms)));
    }
    assert_eq!(gate.view().running, 0);
}

#[tokio::test(start_paused = true)]
async fn a_larger_limit_set_at_run_time_lets_the_waiting_in() {
    let limits = limits(VendorLimits { concurrency: Some(1), ..VendorLimits::default() });
    let gate = limits.gate(Vendor::Netsuite);
    let _running = gate.enter(ASKING).await.ok().unwrap();
    let mut waits = Box::pin(gate.enter(ASKING));
    assert!((&mut waits).now_or_never().is_none());
    let wider = VendorLimits { concurrency: Some(2), ..VendorLimits::default() };
    limits.replace(&LimitSettings { netsuite: wider, ..LimitSettings::default() });
    assert!(waits.now_or_never().is_some_and(|entered| entered.is_ok()));
}

#[tokio::test(start_paused = true)]
async fn every_change_is_told_in_order() {
    let limits = limits(VendorLimits::default());
    let (mut changes, gate) = (limits.subscribe(), limits.gate(Vendor::Netsuite));
    for _ in 0..10 {
        fail(&gate).await;
    }
    tokio::time::advance(Duration::from_secs(5)).await;
    gate.enter(ASKING).await.ok().unwrap().settle(None);
    let mut told = Vec::new();
    while let Ok(change) = changes.try_recv() {
        told.push((change.from, change.to));
    }
    let expected =
        [(Phase::Closed, Phase::Open), (Phase::Open, Phase::HalfOpen), (Phase::HalfOpen, Phase::Closed)];
    assert_eq!(told, expected);
}

#[tokio::test(start_paused = true)]
async fn only_transport_errors_timeouts_and_5xx_count() {
    let error = |error_type, status: Option<u16>| {
        let error = ApiError::new(System::Netsuite, error_type, "op", "CODE", "words");
        status.map_or(error.clone(), |status| error.with_status(status))
    };
    for (error, opens) in [
        (error(ErrorType::Network, None), true),
        (error(ErrorType::Timeout, None), true),
        (error(ErrorType::ServerError, Some(503)), true),
        (error(ErrorType::ServerError, Some(200)), true),
        (error(ErrorType::ServerError, Some(400)), false),
        (error(ErrorType::Validation, Some(400)), false),
        (error(ErrorType::NotFound, Some(404)), false),
        (error(ErrorType::Authentication, Some(401)), false),
        (error(ErrorType::Authorization, Some(403)), false),
        (error(ErrorType::RateLimit, Some(429)), false),
    ] {
        let gate = gate(VendorLimits::default());
        for _ in 0..10 {
            gate.enter(ASKING).await.ok().unwrap().settle(Some(&error));
        }
        assert_eq!(gate.view().phase == Phase::Open, opens, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_are_seen_until_a_call_is_let_in() {
    let gate = gate(VendorLimits::default());
    let refused = ApiError::new(System::Netsuite, ErrorType::Authentication, "op", "INVALID_LOGIN", "no");
    gate.token_failed(&refused);
    gate.enter(ASKING).await.ok().unwrap().settle(Some(&refused));
    assert_eq!(gate.view().authentication.map(|trouble| trouble.refusals), Some(2));
    gate.enter(ASKING).await.ok().unwrap().settle(None);
    assert_eq!(gate.view().authentication, None);
}
