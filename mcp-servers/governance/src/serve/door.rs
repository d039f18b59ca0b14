//! The door in front of a server over HTTP: who is it that asks?
//!
//! A pass of our own, an API key, an access token of the configured issuer, or nothing where that is allowed. What is shown stays
//! here: of a caller only the principal goes on, so no credential of a caller can ever reach a handler or a vendor. What the
//! caller may do is the policy's to say; only a scope that is lacking is told here, in the way OAuth has for it.

use super::challenge::{self, Closed};
use crate::access::{Issuer, PassCheck, Principal};
use crate::governed::Governed;
use axum::body::{Body, Bytes};
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRequest as _, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use futures::future::BoxFuture;
use gangway_protocol::{Person, System};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// How API keys begin.
const KEY_PREFIX: &str = "gwk_";

/// Finds the person of an API key, or says why it opens nothing.
pub type KeyCheck = Arc<dyn Fn(SecretString) -> BoxFuture<'static, Result<Person, String>> + Send + Sync>;

/// What happens at a door that whoever keeps its book is told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AtDoor {
    /// A host was let in by an access token.
    LetIn(Principal),
    /// Somebody was turned away.
    TurnedAway(TurnedAway),
}

/// Somebody who was turned away. A token that is good and lacks a scope is not among them: that is a refused call of its tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnedAway {
    /// From where, if that is known.
    pub peer: Option<IpAddr>,
    /// Who, if that was proved.
    pub who: Option<Principal>,
    /// Why: a code.
    pub code: &'static str,
    /// Why, in words that hold nothing of what was shown; none where the code says it all.
    pub why: Option<String>,
}

/// Keeps the book of a door, whose path is told with each event. What it keeps, and how often, is its own business.
pub type DoorBook = Arc<dyn Fn(Arc<str>, AtDoor) -> BoxFuture<'static, ()> + Send + Sync>;

/// Who is let in.
#[derive(Clone)]
pub struct Door {
    /// The systems whose tools are behind it; a pass must be for one of them.
    pub systems: Vec<System>,
    /// Recognises our own callers.
    pub passes: PassCheck,
    /// Recognises people.
    pub keys: KeyCheck,
    /// Recognises hosts, where an issuer is configured.
    pub resource: Option<Resource>,
    /// Who somebody is that shows nothing; none if nobody comes in so.
    pub unnamed: Option<Principal>,
    /// Told of hosts that are let in and of everybody who is turned away.
    pub book: DoorBook,
}

/// This server as its issuer's tokens name it.
#[derive(Clone)]
pub struct Resource {
    /// Whose tokens are taken.
    pub issuer: Arc<Issuer>,
    /// Scheme and authority under which the server is reached, without a slash at its end.
    pub base_url: String,
}

impl Door {
    async fn recognise(&self, headers: &HeaderMap, path: &str) -> Result<Principal, Closed> {
        let Some(token) = bearer(headers)? else {
            return self.unnamed.clone().ok_or(Closed::NothingShown);
        };
        let shown = token.expose_secret();
        if PassCheck::is_meant(shown) {
            let opened = self.passes.open(shown, &self.systems, Timestamp::now());
            return opened.map_err(|error| Closed::NotGood(error.to_string()));
        }
        if shown.starts_with(KEY_PREFIX) {
            let person = (self.keys)(token).await.map_err(Closed::NotGood)?;
            return Ok(Principal::person(person));
        }
        match &self.resource {
            Some(resource) => {
                let audience = format!("{}{path}", resource.base_url);
                let opened = resource.issuer.open(shown, &audience).await;
                opened.map_err(|error| Closed::NotGood(error.to_string()))
            }
            None => Err(Closed::NotGood("the token is neither a pass nor an API key".to_owned())),
        }
    }
}

/// The bearer token, if exactly one is shown.
fn bearer(headers: &HeaderMap) -> Result<Option<SecretString>, Closed> {
    let mut shown = headers.get_all(header::AUTHORIZATION).iter();
    let Some(first) = shown.next() else { return Ok(None) };
    let bad = |text: &str| Closed::NotGood(text.to_owned());
    if shown.next().is_some() {
        return Err(bad("Authorization is given twice"));
    }
    let text = first.to_str().map_err(|_| bad("Authorization is no text"))?;
    let token = text.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let (_, token) = token.ok_or_else(|| bad("Authorization must read: Bearer TOKEN"))?;
    Ok(Some(SecretString::from(token.trim().to_owned())))
}

/// A door in its wall.
#[derive(Clone)]
pub(super) struct Guarded {
    pub(super) door: Arc<Door>,
    pub(super) governed: Governed,
    /// Path of the server behind it.
    pub(super) path: Arc<str>,
    pub(super) max_body_bytes: usize,
}

/// Lets in who is recognised, as a principal; the credential goes no further.
pub(super) async fn admit(State(guarded): State<Guarded>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.ip());
    let principal = match guarded.door.recognise(request.headers(), &guarded.path).await {
        Ok(principal) => principal,
        Err(closed) => return guarded.turn_away(peer, None, &closed).await,
    };
    let mut request = match taken_in(&guarded, &principal, request).await {
        Ok(request) => request,
        Err(closed) => return guarded.turn_away(peer, Some(principal), &closed).await,
    };
    if principal.is_host() {
        guarded.tell(AtDoor::LetIn(principal.clone())).await;
    }
    request.headers_mut().remove(header::AUTHORIZATION);
    request.extensions_mut().insert(principal.clone());
    let response = next.run(request).await;
    if let Some(code) = refused_behind(response.status()) {
        let who = Some(principal);
        guarded.tell(AtDoor::TurnedAway(TurnedAway { peer, who, code, why: None })).await;
    }
    response
}

/// Why what stands behind the door refused a message before any tool was asked for, by its status; none if it did not.
fn refused_behind(status: StatusCode) -> Option<&'static str> {
    match status {
        StatusCode::FORBIDDEN => Some("FOREIGN_HOST_OR_ORIGIN"),
        StatusCode::BAD_REQUEST | StatusCode::UNSUPPORTED_MEDIA_TYPE | StatusCode::UNPROCESSABLE_ENTITY => {
            Some("MALFORMED")
        }
        _ => None,
    }
}

impl Guarded {
    async fn tell(&self, event: AtDoor) {
        (self.door.book)(Arc::clone(&self.path), event).await;
    }

    async fn turn_away(&self, peer: Option<IpAddr>, who: Option<Principal>, closed: &Closed) -> Response {
        let turned = |code, why| AtDoor::TurnedAway(TurnedAway { peer, who, code, why });
        match closed {
            Closed::NothingShown => self.tell(turned("NO_CREDENTIAL", None)).await,
            Closed::NotGood(why) => self.tell(turned("BAD_CREDENTIAL", Some(why.clone()))).await,
            Closed::TooLarge => self.tell(turned("TOO_LARGE", None)).await,
            Closed::BrokeOff => self.tell(turned("BODY_INCOMPLETE", None)).await,
            // On record already, as a refused call of the tool.
            Closed::NoScope(_) => {}
        }
        challenge::answer(closed, &self.door, &self.path, &self.governed)
    }
}

/// The message, whole. Looks into a host's call whether its token has the scope of the tool; says so as OAuth does, with the
/// scope to ask for. What cannot be read here is refused by those whose business it is, and the policy is asked again in any case.
async fn taken_in(guarded: &Guarded, principal: &Principal, request: Request) -> Result<Request, Closed> {
    let (parts, body) = request.into_parts();
    let mut bounded = Request::new(body);
    DefaultBodyLimit::max(guarded.max_body_bytes).apply(&mut bounded);
    let body = Bytes::from_request(bounded, &()).await.map_err(|rejection| match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => Closed::TooLarge,
        _ => Closed::BrokeOff,
    })?;
    if principal.is_host()
        && let Some(tool) = meant(&body, &guarded.governed)
        && let Some(scope) = guarded.governed.refuse_for_scope(principal, &tool).await
    {
        return Err(Closed::NoScope(scope));
    }
    Ok(Request::from_parts(parts, Body::from(body)))
}

/// The tool whose answer a message asks for: by its name, or as a resource or a prompt that is made of it.
fn meant(body: &Bytes, governed: &Governed) -> Option<String> {
    #[derive(Deserialize)]
    struct Message<'a> {
        #[serde(borrow)]
        method: Cow<'a, str>,
        #[serde(borrow)]
        params: Option<Params<'a>>,
    }
    #[derive(Deserialize)]
    struct Params<'a> {
        #[serde(borrow)]
        name: Option<Cow<'a, str>>,
        #[serde(borrow)]
        uri: Option<Cow<'a, str>>,
    }
    let message: Message<'_> = serde_json::from_slice(body).ok()?;
    let params = message.params?;
    match message.method.as_ref() {
        "tools/call" => params.name.map(Cow::into_owned),
        "resources/read" => governed.offers().tool_at(&params.uri?).map(str::to_owned),
        "prompts/get" => governed.offers().tool_of_prompt(&params.name?).map(str::to_owned),
        _ => None,
    }
}
