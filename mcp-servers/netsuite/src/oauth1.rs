//! OAuth 1.0a (RFC 5849) with HMAC-SHA256, as NetSuite's token-based authentication wants it: every request signed anew.
//!
//! The signature covers method, URL and query, not a JSON body. It knows no NetSuite path.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};
use gangway_governance::vendor::{AuthHeader, Renewal, TokenSource, Unsigned, percent_encode};
use gangway_protocol::{ApiError, ErrorType, System};
use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use std::time::SystemTime;
use uuid::Uuid;

/// Signs requests with a consumer's and a token's secrets.
pub(crate) struct Signer {
    pub realm: String,
    pub consumer_key: String,
    pub consumer_secret: SecretString,
    pub token_id: String,
    pub token_secret: SecretString,
}

/// What makes each signature its own: NetSuite refuses a pair it has seen.
struct Moment {
    timestamp_s: u64,
    nonce: String,
}

impl Signer {
    fn header(&self, request: Unsigned<'_>, moment: &Moment) -> Result<String, String> {
        let oauth = [
            ("oauth_consumer_key", self.consumer_key.clone()),
            ("oauth_nonce", moment.nonce.clone()),
            ("oauth_signature_method", "HMAC-SHA256".to_owned()),
            ("oauth_timestamp", moment.timestamp_s.to_string()),
            ("oauth_token", self.token_id.clone()),
            ("oauth_version", "1.0".to_owned()),
        ];
        let base = base_string(request, &oauth)?;
        let signature = self.sign(&base)?;
        // The realm is no part of what is signed.
        let mut fields = vec![format!("realm=\"{}\"", percent_encode(&self.realm))];
        fields.extend(oauth.iter().map(|(name, value)| format!("{name}=\"{}\"", percent_encode(value))));
        fields.push(format!("oauth_signature=\"{}\"", percent_encode(&signature)));
        Ok(format!("OAuth {}", fields.join(", ")))
    }

    fn sign(&self, base: &str) -> Result<String, String> {
        let key = format!(
            "{}&{}",
            percent_encode(self.consumer_secret.expose_secret()),
            percent_encode(self.token_secret.expose_secret())
        );
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).map_err(|error| error.to_string())?;
        mac.update(base.as_bytes());
        Ok(STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// RFC 5849 section 3.4.1: METHOD & URL without query & every parameter, sorted, each encoded once more.
fn base_string(request: Unsigned<'_>, oauth: &[(&str, String)]) -> Result<String, String> {
    let mut url =
        reqwest::Url::parse(request.url).map_err(|error| format!("the URL cannot be signed: {error}"))?;
    let mut parameters: Vec<(String, String)> = url
        .query_pairs()
        .map(|(name, value)| (percent_encode(&name), percent_encode(&value)))
        .chain(oauth.iter().map(|(name, value)| (percent_encode(name), percent_encode(value))))
        .collect();
    parameters.sort();
    let joined: Vec<String> = parameters.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    // Parsing has lower-cased scheme and host and dropped a default port, as the RFC wants.
    url.set_query(None);
    url.set_fragment(None);
    Ok(format!("{}&{}&{}", request.method, percent_encode(url.as_str()), percent_encode(&joined.join("&"))))
}

impl TokenSource for Signer {
    fn authorize<'a>(&'a self, request: Unsigned<'a>) -> BoxFuture<'a, Result<Option<AuthHeader>, ApiError>> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let moment = Moment { timestamp_s: now.as_secs(), nonce: Uuid::new_v4().simple().to_string() };
        let header = self.header(request, &moment).map(|value| Some(AuthHeader::authorization(value)));
        ready(header.map_err(|text| {
            ApiError::new(System::Netsuite, ErrorType::Authentication, "sign", "UNSIGNABLE", &text)
        }))
        .boxed()
    }

    /// A refused signature may be a clash or NetSuite's way of saying it is overloaded: a new one is worth one try.
    fn invalidate(&self, _used: &AuthHeader) -> Renewal {
        Renewal::Possible
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]
    use super::{Moment, Signer, base_string};
    use gangway_governance::vendor::Unsigned;
    use http::Method;

    /// The worked example of RFC 5849 section 3.4.1.1, its body parameters moved into the query.
    #[test]
    fn builds_the_base_string_of_the_rfc() {
        let request = Unsigned {
            method: &Method::POST,
            url: "http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b&c2&a3=2+q",
        };
        let oauth = [
            ("oauth_consumer_key", "9djdj82h48djs9d2".to_owned()),
            ("oauth_token", "kkk9d7dh3k39sjv7".to_owned()),
            ("oauth_signature_method", "HMAC-SHA1".to_owned()),
            ("oauth_timestamp", "137131201".to_owned()),
            ("oauth_nonce", "7d8f3e4a".to_owned()),
        ];
        assert_eq!(
            base_string(request, &oauth).unwrap(),
            "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c\
             %2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_m\
             ethod%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
        );
    }

    #[test]
    fn the_header_carries_realm_and_signature_but_no_secret() {
        let signer = Signer {
            realm: "1234567_SB1".to_owned(),
            consumer_key: "ck".to_owned(),
            consumer_secret: "consumer-hush".to_owned().into(),
            token_id: "tk".to_owned(),
            token_secret: "token-hush".to_owned().into(),
        };
        let request = Unsigned { method: &Method::GET, url: "https://x.example/a?limit=1" };
        let moment = |nonce: &str| Moment { timestamp_s: 1_700_000_000, nonce: nonce.to_owned() };
        let header = signer.header(request, &moment("n1")).unwrap();
        assert!(header.starts_with("OAuth realm=\"1234567_SB1\", oauth_consumer_key=\"ck\""), "{header}");
        assert!(header.contains("oauth_signature=\"") && !header.contains("hush"), "{header}");
        assert_ne!(header, signer.header(request, &moment("n2")).unwrap());
    }
}
