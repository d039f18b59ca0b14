//! A workflow of two phases and an approval, its steps counted, and variants of it that misbehave.

use gangway_durable::{
    Activity, Durable, Engine, EngineOptions, Interrupted, RetryPolicy, StepError, Workflow,
};
use gangway_protocol::crash_point::CrashPoints;
use gangway_protocol::run::{Effect, EffectStatus, RunRequest, Trigger, Versions};
use gangway_protocol::{AccountId, CorrelationId, IdempotencyKey, RunId, RunRecord, RunState};
use gangway_store::Store;
use jiff::Timestamp;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::{Notify, Semaphore};

/// What a step's body does when its turn comes; without a plan it succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    Retry,
    /// Not before this time has passed.
    RetryAfter(Duration),
    Fatal,
    Panic,
    /// Waits for the gate.
    Wait,
}

/// The outside world of the toy.
pub struct World {
    /// Keys of the bodies that ran, in order.
    pub bodies: Mutex<Vec<String>>,
    pub plans: Mutex<HashMap<&'static str, VecDeque<Plan>>>,
    pub gate: Semaphore,
    /// Told when a body begins to wait at the gate.
    pub waiting: Notify,
    pub approved: Mutex<bool>,
}

impl World {
    pub fn bodies_of(&self, label: &str) -> usize {
        let ending = format!("/{label}");
        self.bodies.lock().unwrap().iter().filter(|key| key.ends_with(&ending)).count()
    }

    pub fn plan(&self, label: &'static str, plans: &[Plan]) {
        self.plans.lock().unwrap().insert(label, plans.iter().copied().collect());
    }
}

/// Notes that it ran, and gives what it was given.
pub struct Note;

impl Activity<World> for Note {
    const NAME: &'static str = "note";
    type In = String;
    type Out = String;

    async fn run(world: &World, key: IdempotencyKey, input: &String) -> Result<String, StepError> {
        world.bodies.lock().unwrap().push(key.as_str().to_owned());
        let label = key.as_str().rsplit('/').next().unwrap();
        let plan = world.plans.lock().unwrap().get_mut(label).and_then(VecDeque::pop_front);
        match plan {
            None => {}
            Some(Plan::Retry) => return Err(StepError::Retry("the line is busy".to_owned())),
            Some(Plan::RetryAfter(wait)) => {
                return Err(StepError::RetryAfter { reason: "come back later".to_owned(), wait });
            }
            Some(Plan::Fatal) => return Err(StepError::Fatal("no such number".to_owned())),
            Some(Plan::Panic) => panic!("planned"),
            Some(Plan::Wait) => wait(world).await,
        }
        Ok(input.clone())
    }
}

/// Reads whether the run was approved; the answer may be late.
pub struct ReadApproval;

impl Activity<World> for ReadApproval {
    const NAME: &'static str = "read approval";
    type In = ();
    type Out = Option<bool>;

    async fn run(world: &World, _: IdempotencyKey, (): &()) -> Result<Option<bool>, StepError> {
        let approved = *world.approved.lock().unwrap();
        let plan = world.plans.lock().unwrap().get_mut("approval").and_then(VecDeque::pop_front);
        if plan == Some(Plan::Wait) {
            wait(world).await;
        }
        Ok(approved.then_some(true))
    }
}

async fn wait(world: &World) {
    world.waiting.notify_one();
    world.gate.acquire().await.unwrap().forget();
}

pub const SOUND: u8 = 0;
/// Calls its first step by another name.
pub const RENAMED: u8 = 1;
/// Says that its steps are others.
pub const OTHER_VERSION: u8 = 2;
/// Leaves out the first phase's steps.
pub const SHORTER: u8 = 3;
pub const OVERLAPPING: u8 = 4;
pub const LABEL_TWICE: u8 = 5;
/// Goes on after an interruption.
pub const SWALLOWING: u8 = 6;
pub const STANDING_STILL: u8 = 7;

pub struct Toy<const VARIANT: u8>;

impl<const VARIANT: u8> Workflow for Toy<VARIANT> {
    type Env = World;
    const VERSION: &'static str = if VARIANT == OTHER_VERSION { "2" } else { "1" };

    async fn drive<D: Durable<Env = World>>(
        durable: &D,
        record: RunRecord,
    ) -> Result<RunRecord, Interrupted> {
        match record.state {
            RunState::Assessing => assess(VARIANT, durable, record).await,
            RunState::AwaitingApproval => {
                let state = match durable.look::<ReadApproval, _>("approval", ()).await? {
                    Some(_) => RunState::Fulfilling,
                    None => RunState::AwaitingApproval,
                };
                Ok(RunRecord { state, ..record })
            }
            RunState::Fulfilling => fulfil(VARIANT, durable, record).await,
            RunState::Completed | RunState::Blocked | RunState::Parked => Ok(record),
        }
    }
}

async fn assess<D: Durable<Env = World>>(
    variant: u8,
    durable: &D,
    mut record: RunRecord,
) -> Result<RunRecord, Interrupted> {
    if variant == STANDING_STILL {
        return Ok(record);
    }
    let began = durable.now("began").await?;
    note(&mut record, "began", began.to_string());
    if variant != SHORTER {
        let label = if variant == RENAMED { "collect" } else { "gather" };
        let gathered = durable.step::<Note>(label, "facts".to_owned()).await?;
        note(&mut record, "gather", gathered);
        let advised = durable.step::<Note>("advise", "words".to_owned()).await?;
        note(&mut record, "advise", advised);
    }
    let escalates = record.request.account_id.as_str().starts_with("GAMMA");
    record.state = if escalates { RunState::AwaitingApproval } else { RunState::Fulfilling };
    Ok(record)
}

async fn fulfil<D: Durable<Env = World>>(
    variant: u8,
    durable: &D,
    mut record: RunRecord,
) -> Result<RunRecord, Interrupted> {
    let step = |label| durable.step::<Note>(label, "x".to_owned());
    match variant {
        OVERLAPPING => {
            let (tenant, mail) = futures::join!(step("tenant"), step("mail"));
            tenant?;
            mail?;
        }
        LABEL_TWICE => {
            step("tenant").await?;
            step("tenant").await?;
        }
        SWALLOWING => {
            let _ = step("tenant").await;
            let _ = step("mail").await;
        }
        _ => {
            for label in ["tenant", "mail"] {
                let done = step(label).await?;
                note(&mut record, label, done);
            }
        }
    }
    Ok(RunRecord { state: RunState::Completed, ..record })
}

fn note(record: &mut RunRecord, label: &str, reference: String) {
    record.effects.push(Effect {
        label: label.to_owned(),
        tool: "note".to_owned(),
        status: EffectStatus::Done,
        reference: Some(reference),
        error: None,
        message_id: None,
    });
}

/// What the record says that `label` gave.
pub fn noted<'a>(record: &'a RunRecord, label: &str) -> Option<&'a str> {
    record.effects.iter().find(|effect| effect.label == label)?.reference.as_deref()
}

/// A folder, the world, and a clock that moves a second at every look.
pub struct Stage {
    pub folder: TempDir,
    pub world: Arc<World>,
    seconds: Arc<AtomicI64>,
}

impl Stage {
    pub fn new() -> Self {
        let world = World {
            bodies: Mutex::default(),
            plans: Mutex::default(),
            gate: Semaphore::new(0),
            waiting: Notify::new(),
            approved: Mutex::default(),
        };
        Self {
            folder: tempfile::tempdir().unwrap(),
            world: Arc::new(world),
            seconds: Arc::new(AtomicI64::new(0)),
        }
    }

    pub fn options(&self, crash: CrashPoints) -> EngineOptions {
        let seconds = Arc::clone(&self.seconds);
        let now = move || Timestamp::from_second(seconds.fetch_add(1, Ordering::Relaxed)).unwrap();
        EngineOptions {
            crash,
            clock: Arc::new(now),
            retry: RetryPolicy {
                attempts: 3,
                base: Duration::from_secs(60),
                longest: Duration::from_secs(600),
            },
            ..EngineOptions::new(self.folder.path())
        }
    }

    /// Store and engine as a starting process opens them.
    pub fn start<const VARIANT: u8>(&self, crash: CrashPoints) -> (Store, Engine<Toy<VARIANT>>) {
        let store = Store::open(self.folder.path()).unwrap();
        let engine = Engine::open(store.clone(), Arc::clone(&self.world), self.options(crash)).unwrap();
        (store, engine)
    }

    pub fn sound(&self) -> (Store, Engine<Toy<SOUND>>) {
        self.start(CrashPoints::default())
    }
}

pub fn run(id: &str, account_id: &str, correlation: &str) -> RunRecord {
    RunRecord {
        run_id: RunId::parse(id).unwrap(),
        request: RunRequest {
            account_id: AccountId::parse(account_id).unwrap(),
            opportunity_id: None,
            correlation_id: CorrelationId::parse(correlation).unwrap(),
            as_of: None,
            trigger: Trigger::Cli,
            requested_by: "test".to_owned(),
        },
        asked_as: None,
        state: RunState::Assessing,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        as_of: "2026-01-01".parse().unwrap(),
        traceparent: None,
        facts: None,
        decision: None,
        advice: None,
        worded_advice: None,
        approval_id: None,
        approval_expires_at: None,
        tenant: None,
        effects: Vec::new(),
        reports: Vec::new(),
        versions: Versions {
            agent: "0".to_owned(),
            workflow: String::new(),
            rule_set: None,
            tool_contracts: "sha256:0".to_owned(),
            adviser: "rules".to_owned(),
            prompt: None,
        },
        parked_because: None,
    }
}
