//! A pass: how a caller of our own proves who it is to a server of ours in another process.
//!
//! A JWT signed with the data folder's pass key, for one holder (an agent, or a person who acts at this installation), one
//! system and five minutes. Whoever calls makes a new one in time; it is no use anywhere else, and no vendor ever sees it.

use super::principal::Principal;
use gangway_protocol::{Agent, Person, System};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How long a pass opens its server.
pub const PASS_LIFETIME: SignedDuration = SignedDuration::from_mins(5);
/// Says what it is, so that no other token of ours can be taken for one.
const TYPE: &str = "gangway-pass+jwt";
const ISSUER: &str = "gangway";
/// What stands before the seed in an Ed25519 private key's DER form (RFC 8410).
const PKCS8_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// Whose pass it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// One of our agents.
    Agent(Agent),
    /// A person.
    Person(Person),
}

impl From<Holder> for Principal {
    fn from(holder: Holder) -> Self {
        match holder {
            Holder::Agent(agent) => Self::agent(agent),
            Holder::Person(person) => Self::person(person),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    iat: i64,
    exp: i64,
    jti: String,
    holder: Holder,
}

/// Why a pass does not open a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the pass is not good here: {0}")]
pub struct BadPass(String);

/// Makes passes.
pub struct PassMint {
    key: EncodingKey,
}

impl PassMint {
    /// With the data folder's pass key.
    #[must_use]
    pub fn new(seed: &[u8; 32]) -> Self {
        Self { key: EncodingKey::from_ed_der(&[PKCS8_PREFIX.as_slice(), seed.as_slice()].concat()) }
    }

    /// A pass of this holder to this system's server.
    ///
    /// # Errors
    /// The key cannot sign.
    pub fn make(&self, holder: Holder, system: System, now: Timestamp) -> Result<String, BadPass> {
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: system.name().to_owned(),
            sub: Principal::from(holder.clone()).to_string(),
            iat: now.as_second(),
            exp: (now + PASS_LIFETIME).as_second(),
            jti: Uuid::new_v4().simple().to_string(),
            holder,
        };
        let header = Header { typ: Some(TYPE.to_owned()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, &claims, &self.key).map_err(|error| BadPass(error.to_string()))
    }
}

/// Recognises passes.
#[derive(Clone)]
pub struct PassCheck {
    key: DecodingKey,
}

impl PassCheck {
    /// With the public half of the data folder's pass key.
    #[must_use]
    pub fn new(public: &[u8; 32]) -> Self {
        // An Ed25519 key's DER form, as this library means it, is the bare key.
        Self { key: DecodingKey::from_ed_der(public) }
    }

    /// Whether a token says that it is a pass; whether it is a good one is another question.
    #[must_use]
    pub fn is_meant(token: &str) -> bool {
        jsonwebtoken::decode_header(token).is_ok_and(|header| header.typ.as_deref() == Some(TYPE))
    }

    /// Whose pass it is, if it opens a server of one of these systems now. What it opens is that system's tools only.
    ///
    /// # Errors
    /// Why it does not.
    pub fn open(&self, token: &str, systems: &[System], now: Timestamp) -> Result<Principal, BadPass> {
        if !Self::is_meant(token) {
            return Err(BadPass("it is no pass".to_owned()));
        }
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&systems.iter().map(|system| system.name()).collect::<Vec<_>>());
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Ours is the time that is handed in.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &self.key, &validation)
            .map_err(|error| BadPass(error.to_string()))?
            .claims;
        if claims.exp <= now.as_second() {
            return Err(BadPass("it has expired".to_owned()));
        }
        let system = systems.iter().copied().find(|system| system.name() == claims.aud);
        let system = system.ok_or_else(|| BadPass("it is for another server".to_owned()))?;
        Ok(Principal::from(claims.holder).only(system))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot set itself up should fail loudly")]

    use super::{Holder, PASS_LIFETIME, PassCheck, PassMint};
    use crate::access::principal::Principal;
    use gangway_protocol::{Agent, Person, Role, System};
    use jiff::Timestamp;
    use jsonwebtoken::{Algorithm, EncodingKey, Header};
    use serde_json::json;

    /// Test vector 1 of RFC 8032: a seed and its public key.
    const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    const PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

    fn bytes(hex: &str) -> [u8; 32] {
        let byte = |at| u8::from_str_radix(hex.get(at..at + 2).unwrap(), 16).unwrap();
        std::array::from_fn(|index| byte(index * 2))
    }

    fn pair() -> (PassMint, PassCheck) {
        (PassMint::new(&bytes(SEED)), PassCheck::new(&bytes(PUBLIC)))
    }

    #[test]
    fn a_pass_opens_its_own_server_for_its_holder_while_it_lasts() {
        let ((mint, check), now) = (pair(), Timestamp::now());
        let pass = mint.make(Holder::Agent(Agent::Finance), System::Netsuite, now).unwrap();
        let opened = check.open(&pass, &[System::Clm, System::Netsuite], now).unwrap();
        assert_eq!(opened, Principal::agent(Agent::Finance).only(System::Netsuite));
        assert!(check.open(&pass, &[System::Clm], now).is_err(), "another server");
        assert!(check.open(&pass, &[System::Netsuite], now + PASS_LIFETIME).is_err(), "expired");
        let ada = Person { name: "Ada".to_owned(), roles: [Role::Cs].into(), domains: [].into() };
        let pass = mint.make(Holder::Person(ada.clone()), System::Tasks, now).unwrap();
        assert_eq!(check.open(&pass, &[System::Tasks], now).unwrap().as_person(), Some(&ada));
    }

    #[test]
    fn what_somebody_else_made_opens_nothing() {
        let ((_, check), now) = (pair(), Timestamp::now());
        let foreign =
            PassMint::new(&[7; 32]).make(Holder::Agent(Agent::Finance), System::Netsuite, now).unwrap();
        assert!(check.open(&foreign, &[System::Netsuite], now).is_err());
        let claims = json!({
            "iss": "gangway", "aud": "netsuite", "sub": "finance-agent", "iat": 0, "exp": now.as_second() + 60,
            "jti": "x", "holder": {"agent": "finance-agent"},
        });
        // The public key as a secret: it is not secret.
        let header = Header { typ: Some(super::TYPE.to_owned()), ..Header::new(Algorithm::HS256) };
        let confused =
            jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&bytes(PUBLIC))).unwrap();
        assert!(check.open(&confused, &[System::Netsuite], now).is_err());
        for text in ["", "a.b.c", "gwk_1_2"] {
            assert!(check.open(text, &[System::Netsuite], now).is_err(), "{text:?}");
        }
    }
}
