//! A connection to one server: made when first needed, shared by all calls, made again after it broke.
//!
//! A call that was under way when the connection broke is not repeated: whether it may be is the caller's to know.

use crate::credential::Credential;
use crate::embedded::Embedded;
use crate::http::{Http, SESSION_LIFE};
use crate::pins::{Drift, Offered, OnDrift, Pins};
use crate::session::{Client, ConnectError};
use crate::stdio::StdioLaunch;
use gangway_protocol::ErrorType;
use gangway_protocol::tools::Tool;
use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CallToolResult, ClientRequest, ListToolsRequest,
    PaginatedRequestParams, RequestMetaObject, ServerResult,
};
use rmcp::service::{PeerRequestOptions, ServiceError};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// The server gets this much longer than the client's patience before the client stops waiting for the transport.
const GRACE: Duration = Duration::from_secs(1);

/// A failed call, before it is known which tool it was.
pub(crate) struct Failure {
    pub(crate) kind: ErrorType,
    pub(crate) code: &'static str,
    pub(crate) text: String,
    /// It failed before anything was sent to the server.
    pub(crate) unsent: bool,
}

impl Failure {
    fn before_sending(self) -> Self {
        Self { unsent: true, ..self }
    }
}

/// A way to one server. Clones share the connection.
#[derive(Clone)]
pub struct Connection {
    inner: Arc<Inner>,
}

struct Inner {
    link: Link,
    client: Mutex<Option<Live>>,
    pins: Pins,
    on_drift: OnceLock<OnDrift>,
}

/// An open session. Calls under way keep it, also after it was replaced.
struct Live {
    session: Session,
    opened: Instant,
    /// When the server was last asked what it offers.
    listed: Instant,
}

/// What a call needs of an open session.
#[derive(Clone)]
struct Session {
    client: Arc<Client>,
    /// What the server offers; none of a server in this process, which is this release.
    offered: Option<Arc<Offered>>,
}

enum Link {
    Embedded(Embedded),
    Stdio(StdioLaunch),
    Http(Http),
}

impl Link {
    /// What becomes of a session that is open.
    fn verdict(&self, live: &Live) -> Verdict {
        if live.session.client.is_closed() || live.session.client.is_transport_closed() {
            return Verdict::Over;
        }
        let is_old = |since: Instant| since.elapsed() >= SESSION_LIFE;
        match self {
            Self::Embedded(_) => Verdict::Serves,
            // What was shown there has become old.
            Self::Http(_) if is_old(live.opened) => Verdict::Over,
            Self::Stdio(_) if is_old(live.listed) => Verdict::ListsAgain,
            Self::Http(_) | Self::Stdio(_) if live.session.client.service().have_news() => {
                Verdict::ListsAgain
            }
            Self::Http(_) | Self::Stdio(_) => Verdict::Serves,
        }
    }
}

/// Whether a session goes on.
enum Verdict {
    Serves,
    /// It does, once the server has said again what it offers: it says that this changed, or it is a child, which lives for
    /// days, and was not asked for a while.
    ListsAgain,
    Over,
}

impl Inner {
    fn over(link: Link) -> Self {
        Self { link, client: Mutex::new(None), pins: Pins::default(), on_drift: OnceLock::new() }
    }
}

impl Connection {
    /// To a server in this process. Messages pass through channels without being written out.
    ///
    /// # Errors
    /// [`ConnectError::Handshake`].
    pub async fn embedded<S: ServerHandler>(server: S) -> Result<Self, ConnectError> {
        Self::open(Link::Embedded(Embedded::new(server))).await
    }

    /// To a server in a child process, launched now and again whenever it has died.
    ///
    /// # Errors
    /// [`ConnectError`], when the program cannot be started or does not speak MCP.
    pub async fn stdio(launch: StdioLaunch) -> Result<Self, ConnectError> {
        Self::open(Link::Stdio(launch)).await
    }

    /// To a server at a URL such as `http://127.0.0.1:8080/mcp`. The server need not be up yet.
    ///
    /// # Errors
    /// [`ConnectError::HttpClient`].
    pub async fn http(url: &str) -> Result<Self, ConnectError> {
        Self::at(url, None)
    }

    /// The same, showing a credential there; it is made anew in time.
    ///
    /// # Errors
    /// [`ConnectError::HttpClient`].
    pub async fn http_with(url: &str, credential: Credential) -> Result<Self, ConnectError> {
        Self::at(url, Some(credential))
    }

    fn at(url: &str, credential: Option<Credential>) -> Result<Self, ConnectError> {
        let link = Link::Http(Http::new(url, credential).map_err(ConnectError::HttpClient)?);
        Ok(Self { inner: Arc::new(Inner::over(link)) })
    }

    async fn open(link: Link) -> Result<Self, ConnectError> {
        let connection = Self { inner: Arc::new(Inner::over(link)) };
        connection.session().await?;
        Ok(connection)
    }

    /// The same connection, telling `on_drift` of tools that are not what they are pinned to. Who is told first stays.
    #[must_use]
    pub fn telling(self, on_drift: OnDrift) -> Self {
        // Somebody is told already.
        let _ = self.inner.on_drift.set(on_drift);
        self
    }

    /// The live connection, made anew when there is none.
    async fn session(&self) -> Result<Session, ConnectError> {
        let mut client = self.inner.client.lock().await;
        if let Some(live) = client.as_mut() {
            match self.inner.link.verdict(live) {
                Verdict::Serves => return Ok(live.session.clone()),
                Verdict::ListsAgain => {
                    live.session.client.service().forget();
                    // A server that cannot say is launched or called on anew.
                    if let Ok(offered) = offered(&live.session.client).await {
                        (live.session.offered, live.listed) = (Some(offered), Instant::now());
                        return Ok(live.session.clone());
                    }
                }
                Verdict::Over => {}
            }
        }
        // Dropping a dead one reaps its child before the next is launched.
        *client = None;
        let made = match &self.inner.link {
            Link::Embedded(embedded) => embedded.connect().await,
            Link::Stdio(launch) => launch.connect().await,
            Link::Http(http) => http.connect().await,
        }?;
        let offered = match &self.inner.link {
            Link::Embedded(_) => None,
            Link::Stdio(_) | Link::Http(_) => {
                made.service().listen_to(made.peer());
                Some(offered(&made).await?)
            }
        };
        let session = Session { client: Arc::new(made), offered };
        let now = Instant::now();
        *client = Some(Live { session: session.clone(), opened: now, listed: now });
        Ok(session)
    }

    /// Calls the tool `T`; everything together takes no longer than the deadline.
    pub(crate) async fn call<T: Tool>(
        &self,
        params: CallToolRequestParams,
        meta: RequestMetaObject,
        deadline: Duration,
    ) -> Result<CallToolResult, Failure> {
        let until = Instant::now() + deadline;
        let session = tokio::time::timeout_at(until, self.session())
            .await
            .map_err(|_| timed_out(deadline).before_sending())?
            .map_err(|error| network("CONNECT_FAILED", &error).before_sending())?;
        if let Some(offered) = &session.offered {
            let checked = offered.check::<T>(&self.inner.pins, self.inner.on_drift.get());
            checked.map_err(|drift| drifted(&drift).before_sending())?;
        }
        let request = ClientRequest::CallToolRequest(CallToolRequest::new(params));
        // rmcp's own timeout tells the server that the call is cancelled; the outer one covers a stuck transport.
        let options = PeerRequestOptions::with_timeout(until - Instant::now()).with_meta(meta);
        let exchange = async {
            session.client.peer().send_cancellable_request(request, options).await?.await_response().await
        };
        let answer =
            tokio::time::timeout_at(until + GRACE, exchange).await.map_err(|_| timed_out(deadline))?;
        match answer {
            Ok(ServerResult::CallToolResult(result)) => Ok(result),
            Ok(_) => Err(unreadable("the server answered a tool call with something else")),
            Err(error) => Err(failure(&error, deadline)),
        }
    }
}

/// Asks a server what it offers. Not by rmcp's own lists: those come from a cache for as long as the server says.
async fn offered(client: &Client) -> Result<Arc<Offered>, ConnectError> {
    let (mut tools, mut cursor) = (Vec::new(), None);
    loop {
        let params = Some(PaginatedRequestParams::default().with_cursor(cursor.take()));
        let request = ListToolsRequest { params, ..ListToolsRequest::default() };
        let answer = client.peer().send_request(ClientRequest::ListToolsRequest(request)).await;
        let page = match answer.map_err(|error| ConnectError::Listing(error.to_string()))? {
            ServerResult::ListToolsResult(page) => page,
            _ => return Err(ConnectError::Listing("it answered with something else".to_owned())),
        };
        tools.extend(page.tools);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(Arc::new(Offered::of(&tools)));
        }
    }
}

fn failure(error: &ServiceError, deadline: Duration) -> Failure {
    match error {
        ServiceError::Timeout { .. } => timed_out(deadline),
        ServiceError::TransportSend(_) | ServiceError::TransportClosed => network("CONNECTION_BROKEN", error),
        ServiceError::McpError(refused) => Failure {
            kind: ErrorType::Validation,
            code: "PROTOCOL_ERROR",
            text: format!("the server refused the call ({}): {}", refused.code.0, refused.message),
            unsent: false,
        },
        _ => unreadable(&error.to_string()),
    }
}

fn network(code: &'static str, cause: &dyn std::error::Error) -> Failure {
    let mut text = cause.to_string();
    let mut source = cause.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    Failure { kind: ErrorType::Network, code, text, unsent: false }
}

fn drifted(drift: &Drift) -> Failure {
    let code = if drift.found.is_some() { "TOOL_DRIFTED" } else { "TOOL_NOT_OFFERED" };
    let text = format!("{drift}; it is not called");
    Failure { kind: ErrorType::Authorization, code, text, unsent: false }
}

fn timed_out(deadline: Duration) -> Failure {
    let text = format!("no answer within {} ms", deadline.as_millis());
    Failure { kind: ErrorType::Timeout, code: "CALL_DEADLINE", text, unsent: false }
}

fn unreadable(text: &str) -> Failure {
    let text = text.to_owned();
    Failure { kind: ErrorType::ServerError, code: "UNREADABLE_ANSWER", text, unsent: false }
}
