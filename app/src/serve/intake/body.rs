//! Reading a body from somebody who may not mean well: bounded in bytes. Its time is bounded around every page.

use super::Refusal;
use axum::body::Body;
use axum::http::{HeaderMap, header};
use futures::StreamExt as _;

/// Largest body. An event names an account; DocuSign adds the envelope.
pub const MAX_BODY_BYTES: usize = 256 * 1024;

/// The whole body.
///
/// # Errors
/// [`Refusal::TooLarge`] or [`Refusal::BrokeOff`].
pub async fn read(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Refusal> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > MAX_BODY_BYTES as u64) {
        return Err(Refusal::TooLarge(MAX_BODY_BYTES));
    }
    let mut chunks = body.into_data_stream();
    let mut read = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Refusal::BrokeOff)?;
        if read.len() + chunk.len() > MAX_BODY_BYTES {
            return Err(Refusal::TooLarge(MAX_BODY_BYTES));
        }
        read.extend_from_slice(&chunk);
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::{MAX_BODY_BYTES, read};
    use crate::serve::intake::Refusal;
    use axum::body::{Body, Bytes};
    use axum::http::HeaderMap;
    use futures::stream;
    use std::io;

    #[tokio::test]
    async fn a_body_larger_than_announced_is_refused_while_it_comes() {
        let endless = stream::repeat_with(|| Ok::<_, io::Error>(Bytes::from(vec![b' '; 1 << 16])));
        let refused = read(&HeaderMap::new(), Body::from_stream(endless)).await.unwrap_err();
        assert_eq!(refused, Refusal::TooLarge(MAX_BODY_BYTES));
    }
}
