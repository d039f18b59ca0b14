//! One SMTP connection and the door it comes through: opened, encrypted as configured, logged in, used for one mail at a time.
//!
//! It keeps apart what happens before a mail's content is written from what happens after; what that means is the mailer's business.

use super::refusal;
use crate::settings::{MailSettings, Security, SettingsError};
use gangway_protocol::{ApiError, ErrorType};
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Ehlo, Mail, Noop, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::{Error, response::Response};
use secrecy::ExposeSecret as _;
use std::fmt;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Where the mail server is and how to be let in.
pub(crate) struct Doorway {
    host: String,
    port: u16,
    security: Security,
    tls: Option<TlsParameters>,
    credentials: Option<Credentials>,
    hello: ClientId,
    deadline: Duration,
}

/// What became of announcing a mail.
pub(crate) enum Announced {
    /// The server awaits the content.
    Ready(Connection),
    /// The server said no.
    Refused(ApiError),
    /// The connection broke before anything was said about this mail.
    Broken(ApiError),
}

/// An open connection that is not in the middle of a mail.
pub(crate) struct Connection {
    // Boxed, because a connection is moved around more than it is used.
    smtp: Box<AsyncSmtpConnection>,
    pipelining: bool,
    deadline: Duration,
}

impl Doorway {
    /// Reads the settings; connects to nothing.
    pub(crate) fn new(settings: &MailSettings) -> Result<Self, SettingsError> {
        let tls = match settings.security {
            Security::Plain => None,
            Security::StartTls | Security::Tls => Some(tls_parameters(settings)?),
        };
        let credentials = match (&settings.username, &settings.password) {
            (Some(user), Some(password)) => {
                Some(Credentials::new(user.clone(), password.expose_secret().to_owned()))
            }
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => return Err(SettingsError::HalfCredentials),
        };
        let domain = settings.from.as_str().split_once('@').map_or("localhost", |(_, domain)| domain);
        Ok(Self {
            host: settings.host.clone(),
            port: settings.port,
            security: settings.security,
            tls,
            credentials,
            hello: ClientId::Domain(domain.to_owned()),
            deadline: settings.attempt_deadline(),
        })
    }

    /// Opens a connection, ready for a first mail. Every failure here is one before any mail was written.
    pub(crate) async fn connect(&self) -> Result<Connection, ApiError> {
        let opened = timeout(self.deadline, self.open()).await.map_err(|_| self.too_slow("connecting"))?;
        opened.map_err(|error| refusal::of(&error).unwrap_or_else(|| self.unreachable(&error)))
    }

    async fn open(&self) -> Result<Connection, Error> {
        let mut smtp = match self.security {
            Security::Tls => {
                let server = (self.host.as_str(), self.port);
                AsyncSmtpConnection::connect_tokio1(server, None, &self.hello, self.tls.clone(), None).await?
            }
            Security::Plain | Security::StartTls => self.open_plain().await?,
        };
        if let (Security::StartTls, Some(tls)) = (self.security, &self.tls) {
            smtp.starttls(tls.clone(), &self.hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            smtp.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        // lettre forgets the extensions it has no use for, so the greeting is repeated, once per connection.
        let greeting = smtp.command(Ehlo::new(self.hello.clone())).await?;
        let pipelining = greeting.message().any(|line| line.trim().eq_ignore_ascii_case("PIPELINING"));
        Ok(Connection { smtp: Box::new(smtp), pipelining, deadline: self.deadline })
    }

    /// Opens the socket itself, to switch off Nagle's algorithm: lettre writes a mail and its closing dot separately,
    /// and a delayed acknowledgement between the two costs 40 ms a mail.
    async fn open_plain(&self) -> Result<AsyncSmtpConnection, Error> {
        match TcpStream::connect((self.host.as_str(), self.port)).await {
            Ok(socket) => {
                if let Err(error) = socket.set_nodelay(true) {
                    tracing::debug!(%error, "TCP_NODELAY could not be set on a mail connection");
                }
                AsyncSmtpConnection::connect_with_transport(Box::new(socket), &self.hello).await
            }
            // lettre's errors cannot be made outside it; connecting again gives the same failure as one of them.
            Err(_) => {
                let server = (self.host.as_str(), self.port);
                AsyncSmtpConnection::connect_tokio1(server, None, &self.hello, None, None).await
            }
        }
    }

    fn unreachable(&self, error: &Error) -> ApiError {
        let error_type = if error.is_timeout() { ErrorType::Timeout } else { ErrorType::Network };
        let code = if error.is_tls() { "SMTP_TLS" } else { "SMTP_UNREACHABLE" };
        refusal::error(error_type, code, &format!("mail server {self}: {error}"))
    }

    fn too_slow(&self, doing: &str) -> ApiError {
        let text = format!("mail server {self}: {doing} took longer than {} ms", self.deadline.as_millis());
        refusal::error(ErrorType::Timeout, "SMTP_TIMEOUT", &text)
    }
}

impl Connection {
    /// Names sender and recipients and asks to send; with pipelining in one round trip instead of three.
    pub(crate) async fn announce(mut self, envelope: &Envelope) -> Announced {
        match timeout(self.deadline, self.announce_steps(envelope)).await {
            Ok(Ok(())) => Announced::Ready(self),
            // 421 says that the server is closing this connection; it is no word about the mail.
            Ok(Err(error)) => match (refusal::of(&error), refusal::is_closing(&error)) {
                (Some(refused), false) => Announced::Refused(refused),
                (Some(broken), true) => Announced::Broken(broken),
                (None, _) => Announced::Broken(refusal::error(
                    ErrorType::Network,
                    "SMTP_CONNECTION_LOST",
                    &error.to_string(),
                )),
            },
            Err(_) => {
                let text =
                    format!("no answer to the sender and recipient within {} ms", self.deadline.as_millis());
                Announced::Broken(refusal::error(ErrorType::Timeout, "SMTP_TIMEOUT", &text))
            }
        }
    }

    async fn announce_steps(&mut self, envelope: &Envelope) -> Result<(), Error> {
        // What we write is ASCII: `compose` encodes headers and bodies, and addresses are checked there.
        let mut options = Vec::new();
        if self.smtp.server_info().supports_feature(Extension::EightBitMime) {
            options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let mut commands = vec![Mail::new(envelope.from().cloned(), options).to_string()];
        commands.extend(envelope.to().iter().map(|to| Rcpt::new(to.clone(), Vec::new()).to_string()));
        commands.push(Data.to_string());
        if !self.pipelining {
            for command in commands {
                self.smtp.command(command).await?;
            }
            return Ok(());
        }
        // RFC 2920: answers come in the order of the commands. After a refusal the connection is dropped, which
        // also withdraws the DATA the server may have accepted.
        let answers = commands.len();
        self.smtp.command(commands.concat()).await?;
        for _ in 1..answers {
            self.smtp.read_response().await?;
        }
        Ok(())
    }

    /// Writes the mail and waits for the server's word.
    pub(crate) async fn content(&mut self, mail: &[u8]) -> Result<(), ContentError> {
        match timeout(self.deadline, self.smtp.message(mail)).await {
            Ok(Ok(_accepted)) => Ok(()),
            Ok(Err(error)) => Err(refusal::of(&error)
                .map_or_else(|| ContentError::Lost(error.to_string()), ContentError::Refused)),
            Err(_) => Err(ContentError::Lost(format!("no answer within {} ms", self.deadline.as_millis()))),
        }
    }

    /// Asks whether the server still listens.
    pub(crate) async fn noop(&mut self) -> Result<(), ApiError> {
        let answer = timeout(self.deadline, self.smtp.command(Noop)).await;
        let answer: Result<Response, Error> = answer.map_err(|_| {
            let text = format!("no answer to NOOP within {} ms", self.deadline.as_millis());
            refusal::error(ErrorType::Timeout, "SMTP_TIMEOUT", &text)
        })?;
        answer.map(|_| ()).map_err(|error| {
            refusal::of(&error).unwrap_or_else(|| {
                refusal::error(ErrorType::Network, "SMTP_CONNECTION_LOST", &error.to_string())
            })
        })
    }
}

/// What went wrong after the content was begun.
pub(crate) enum ContentError {
    /// The server said no.
    Refused(ApiError),
    /// No reply: the server may have taken the mail.
    Lost(String),
}

fn tls_parameters(settings: &MailSettings) -> Result<TlsParameters, SettingsError> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(pem) = &settings.root_certificate_pem {
        let certificate = Certificate::from_pem(pem.as_bytes())
            .map_err(|error| SettingsError::MailTls(error.to_string()))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build_rustls().map_err(|error| SettingsError::MailTls(error.to_string()))
}

impl fmt::Display for Doorway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for Doorway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Doorway({self}, {:?})", self.security)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connection(pipelining: {})", self.pipelining)
    }
}
