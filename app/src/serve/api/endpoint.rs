//! An endpoint as one value: method, path, words, who may, and the types of what it takes and gives.
//!
//! Route and description come from the same call, so neither can exist without the other and the document cannot speak of
//! other types than the handler has. What an endpoint does is its handler's.

use super::BODY_BYTES;
use super::caller::caller;
use super::document::{Content, Operation, output_schema};
use crate::people::{Action, require};
use crate::refused::Refused;
use crate::serve::{Problem, Service};
use axum::extract::{
    ConnectInfo, FromRequest as _, FromRequestParts as _, Query, RawPathParams, Request, State,
};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodFilter, on};
use axum::{Json, Router};
use gangway_intake::Object;
use gangway_protocol::{Actor, Person};
use jiff::Timestamp;
use schemars::{JsonSchema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::any::TypeId;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Takes nothing.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Everything about an endpoint but its types.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// GET or POST.
    pub method: Verb,
    /// Path with `{parameters}`.
    pub path: &'static str,
    /// Name for generated clients.
    pub id: &'static str,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// What its caller must be permitted to do; none for what is open to everybody.
    pub action: Option<Action>,
    /// Status of success.
    pub success: StatusCode,
    /// Another one, where what was asked for may be done at once or later.
    pub or_success: Option<StatusCode>,
    /// Headers that mean something.
    pub headers: &'static [Header],
    /// Further statuses it may answer with, beside those that every endpoint has.
    pub refusals: &'static [StatusCode],
}

/// A header of a request.
#[derive(Debug, Clone, Copy)]
pub struct Header {
    /// Its name.
    pub name: &'static str,
    /// Whether there is no other way.
    pub need: Need,
    /// What it is for.
    pub says: &'static str,
    /// What it looks like: a regular expression.
    pub pattern: &'static str,
}

/// Whether something must be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Always.
    Must,
    /// In one of several ways, of which this is one.
    May,
}

/// The methods the API uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Reads.
    Get,
    /// Changes something.
    Post,
}

impl Verb {
    fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Post => MethodFilter::POST,
        }
    }
}

impl Route {
    /// A read that answers 200.
    pub const fn get(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        let (method, action, success) = (Verb::Get, Some(Action::Read), StatusCode::OK);
        Self { method, path, id, summary, action, success, or_success: None, headers: &[], refusals: &[] }
    }

    /// A change that answers 200.
    pub const fn post(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self { method: Verb::Post, ..Self::get(path, id, summary) }
    }

    /// The same for other people.
    pub const fn by(mut self, action: Option<Action>) -> Self {
        self.action = action;
        self
    }

    /// The same with further refusals.
    pub const fn refusing(mut self, refusals: &'static [StatusCode]) -> Self {
        self.refusals = refusals;
        self
    }

    /// The same with headers.
    pub const fn with_headers(mut self, headers: &'static [Header]) -> Self {
        self.headers = headers;
        self
    }

    /// The same with one more status of success.
    pub const fn or(mut self, success: StatusCode) -> Self {
        self.or_success = Some(success);
        self
    }

    /// The same with another status of success.
    pub const fn giving(mut self, success: StatusCode) -> Self {
        self.success = success;
        self
    }
}

/// A request, understood: who asks for what.
pub struct Asked<P, Q, B> {
    /// The service.
    pub service: Arc<Service>,
    /// Who asks.
    pub person: Person,
    /// Parameters of the path.
    pub path: P,
    /// Parameters of the query.
    pub query: Q,
    /// The body.
    pub body: B,
    /// The headers.
    pub headers: HeaderMap,
}

/// The routes of the service and their description.
pub struct Api {
    router: Router<Arc<Service>>,
    operations: Vec<Operation>,
    generator: SchemaGenerator,
}

impl Api {
    /// Without endpoints.
    pub fn new() -> Self {
        Self { router: Router::new(), operations: Vec::new(), generator: super::document::generator() }
    }

    /// Adds an endpoint that answers with JSON.
    pub fn json<P, Q, B, O, F>(
        mut self,
        route: Route,
        handler: impl Fn(Asked<P, Q, B>) -> F + Clone + Send + Sync + 'static,
    ) -> Self
    where
        P: Input,
        Q: Input,
        B: Input,
        O: Serialize + JsonSchema,
        F: Future<Output = Result<O, Problem>> + Send,
    {
        let content = self.answer::<O>();
        self.stream(route, content, move |asked: Asked<P, Q, B>| {
            let answer = handler(asked);
            async move { Ok((route.success, Json(answer.await?)).into_response()) }
        })
    }

    /// Adds an endpoint that answers with something else.
    pub fn stream<P, Q, B, F>(
        mut self,
        route: Route,
        content: Content,
        handler: impl Fn(Asked<P, Q, B>) -> F + Clone + Send + Sync + 'static,
    ) -> Self
    where
        P: Input,
        Q: Input,
        B: Input,
        F: Future<Output = Result<Response, Problem>> + Send,
    {
        self.operations.push(Operation::of::<P, Q, B>(route, content));
        let answering = move |State(service): State<Arc<Service>>, request: Request| {
            let handler = handler.clone();
            async move { handler(understood(service, route, request).await?).await }
        };
        self.router = self.router.route(route.path, on(route.method.filter(), answering));
        self
    }

    /// Describes an endpoint that is routed elsewhere, for it reads its request and proves its caller by itself.
    pub fn tell<P: Input, Q: Input, B: Input>(mut self, route: Route, content: Content) -> Self {
        self.operations.push(Operation::of::<P, Q, B>(route, content));
        self
    }

    /// The same for one that answers with JSON.
    pub fn tell_json<P: Input, Q: Input, B: Input, O: JsonSchema>(mut self, route: Route) -> Self {
        let content = self.answer::<O>();
        self.tell::<P, Q, B>(route, content)
    }

    fn answer<O: JsonSchema>(&mut self) -> Content {
        Content { media: "application/json", schema: output_schema::<O>(&mut self.generator) }
    }

    /// The routes, and the document that describes them.
    pub fn finish(mut self) -> (Router<Arc<Service>>, Value) {
        let document = super::document::document(&self.operations, &mut self.generator);
        (self.router, document)
    }
}

/// What can be read from a path, a query or a body.
pub trait Input: DeserializeOwned + JsonSchema + Send + 'static {}
impl<T: DeserializeOwned + JsonSchema + Send + 'static> Input for T {}

/// Whether a type says that nothing is taken.
pub fn is_nothing<T: 'static>() -> bool {
    TypeId::of::<T>() == TypeId::of::<Nothing>()
}

/// Who asks is settled before what they ask is looked at.
async fn understood<P: Input, Q: Input, B: Input>(
    service: Arc<Service>,
    route: Route,
    request: Request,
) -> Result<Asked<P, Q, B>, Problem> {
    let headers = request.headers().clone();
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.ip());
    let person = permitted(&service, route, &headers, peer).await?;
    let (mut parts, body) = request.into_parts();
    let path = in_path(&mut parts).await?;
    let query = Query::<Q>::from_request_parts(&mut parts, &service)
        .await
        .map_err(|refused| Problem::new(StatusCode::BAD_REQUEST, refused.body_text()))?
        .0;
    let body = if is_nothing::<B>() {
        nothing()?
    } else {
        Json::<Object<B>>::from_request(Request::from_parts(parts, body), &service)
            .await
            .map_err(|refused| match refused.status() {
                StatusCode::PAYLOAD_TOO_LARGE => too_large(),
                status => Problem::new(status, refused.body_text()),
            })?
            .0
            .0
    };
    Ok(Asked { service, person, path, query, body, headers })
}

/// Who asks, if they may; who is refused leaves a trace in the audit.
async fn permitted(
    service: &Service,
    route: Route,
    headers: &HeaderMap,
    peer: Option<IpAddr>,
) -> Result<Person, Problem> {
    let (who, code, problem) = match caller(service, headers).await? {
        Err(stranger) => (Actor::nobody("no key of ours"), stranger.code, stranger.problem),
        Ok(person) => match route.action.map_or(Ok(()), |action| require(&person, action)) {
            Ok(()) => return Ok(person),
            Err(refused) => {
                let problem = Problem::new(StatusCode::FORBIDDEN, refused.to_string());
                (person.actor(), "NOT_PERMITTED", problem)
            }
        },
    };
    let refused = Refused { what: "api", page: Some(route.id), peer, who, code, why: None };
    service.refusals.record(service.installation.store(), &refused, Timestamp::now()).await;
    Err(problem)
}

async fn in_path<P: Input>(parts: &mut axum::http::request::Parts) -> Result<P, Problem> {
    if is_nothing::<P>() {
        return nothing();
    }
    let found = RawPathParams::from_request_parts(parts, &())
        .await
        .map_err(|refused| Problem::new(StatusCode::BAD_REQUEST, refused.body_text()))?;
    let named: Map<String, Value> =
        found.iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    // An id that cannot exist names nothing.
    serde_json::from_value(Value::Object(named)).map_err(|error| Problem::not_found(error.to_string()))
}

fn too_large() -> Problem {
    let says = format!("the body is larger than {BODY_BYTES} bytes; send only the fields of this operation");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, says)
}

fn nothing<T: DeserializeOwned>() -> Result<T, Problem> {
    serde_json::from_value(Value::Object(Map::new())).map_err(|error| Problem::internal(&error.into()))
}

/// The value of a header; none when it is absent or no text.
pub fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

impl From<Verb> for Method {
    fn from(verb: Verb) -> Self {
        match verb {
            Verb::Get => Self::GET,
            Verb::Post => Self::POST,
        }
    }
}
