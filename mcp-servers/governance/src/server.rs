//! A server as a value: a title, instructions, its tools and documents. It has no policy; [`crate::Governed`] adds that.
//!
//! Resources and prompts need no word here: they follow from the tools ([`crate::offers`]).

use crate::call::Call;
use crate::confirmation::Question;
use crate::offers::Document;
use crate::tool::GovernedTool;
use gangway_protocol::tools::Tool;
use gangway_protocol::{ApiError, System};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A set of tools under one name.
#[derive(Clone)]
pub struct Server {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) instructions: String,
    /// By canonical name; the map's order is the published order.
    pub(crate) tools: BTreeMap<&'static str, Arc<GovernedTool>>,
    pub(crate) documents: Vec<Document>,
    /// By tool: the page a host with the MCP Apps extension shows its result in.
    pub(crate) pages: BTreeMap<&'static str, &'static str>,
}

impl Server {
    /// An empty server for one system. `instructions` are what a host shows its model about the whole server.
    #[must_use]
    pub fn new(system: System, title: &str, instructions: &str) -> Self {
        Self {
            name: format!("gangway-{system}"),
            title: title.to_owned(),
            instructions: instructions.to_owned(),
            tools: BTreeMap::new(),
            documents: Vec::new(),
            pages: BTreeMap::new(),
        }
    }

    /// The same server with tool `T`'s results shown in the document at `address` by hosts with the MCP Apps
    /// extension. The link is in every host's list: one that does not know the extension passes over it, and a
    /// stateless server cannot remember what a host said when it connected.
    #[must_use]
    pub fn shown<T: Tool>(mut self, address: &'static str) -> Self {
        self.pages.insert(T::CONTRACT.name, address);
        self
    }

    /// The same server with a fixed text at an address.
    #[must_use]
    pub fn document(mut self, document: Document) -> Self {
        self.documents.push(document);
        self
    }

    /// The same server with tool `T`, answered by `handler`.
    #[must_use]
    pub fn tool<T, H, F>(self, handler: H) -> Self
    where
        T: Tool,
        H: Fn(T::Args, Call) -> F + Send + Sync + 'static,
        F: Future<Output = Result<T::Output, ApiError>> + Send + 'static,
    {
        self.guarded::<T, _, _, _, _>(|_, _| Ok(()), move |(), args, call| handler(args, call))
    }

    /// The same server with tool `T`, answered by `handler` if `guard` lets the call pass. The guard is asked before
    /// the intent is recorded and the key claimed, also of a repeat; the handler gets what it proved.
    #[must_use]
    pub fn guarded<T, P, G, H, F>(mut self, guard: G, handler: H) -> Self
    where
        T: Tool,
        P: Send + 'static,
        G: Fn(&T::Args, &Call) -> Result<P, ApiError> + Send + Sync + 'static,
        H: Fn(P, T::Args, Call) -> F + Send + Sync + 'static,
        F: Future<Output = Result<T::Output, ApiError>> + Send + 'static,
    {
        self.tools.insert(T::CONTRACT.name, Arc::new(GovernedTool::new::<T, P, G, H, F>(guard, handler)));
        self
    }

    /// The same server with tool `T`, which asks the person at the host before it runs: `ask` says what, the handler
    /// finds the answer in [`Call::confirmation`].
    #[must_use]
    pub fn asking<T, A, Q, H, F>(mut self, ask: A, handler: H) -> Self
    where
        T: Tool,
        A: Fn(T::Args, Call) -> Q + Send + Sync + 'static,
        Q: Future<Output = Result<Option<Question>, ApiError>> + Send + 'static,
        H: Fn(T::Args, Call) -> F + Send + Sync + 'static,
        F: Future<Output = Result<T::Output, ApiError>> + Send + 'static,
    {
        let tool =
            GovernedTool::new::<T, (), _, _, _>(|_, _| Ok(()), move |(), args, call| handler(args, call));
        self.tools.insert(T::CONTRACT.name, Arc::new(tool.asking::<T, A, Q>(ask)));
        self
    }

    /// All tools of several servers as one, for hosts that want a single connection.
    #[must_use]
    pub fn merge(servers: Vec<Self>) -> Self {
        let instructions = servers.iter().map(|server| server.instructions.as_str()).collect::<Vec<_>>();
        let pages = servers.iter().flat_map(|server| server.pages.clone()).collect();
        let documents = servers.iter().flat_map(|server| server.documents.clone()).collect();
        Self {
            name: "gangway".to_owned(),
            title: "Gangway".to_owned(),
            instructions: instructions.join("\n"),
            tools: servers.into_iter().flat_map(|server| server.tools).collect(),
            documents,
            pages,
        }
    }
}
