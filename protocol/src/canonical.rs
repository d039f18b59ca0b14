//! Canonical JSON and digests: the same value gives the same bytes on every machine.
//!
//! Keys are sorted, there is no white space, numbers are integers (our records hold no floats). Digests are
//! SHA-256 in lower-case hex with a `sha256:` prefix.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The canonical bytes of a value.
///
/// # Errors
/// When the value cannot be expressed as JSON (a map with keys that are no strings).
pub fn to_canonical(value: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    // serde_json's map sorts its keys as long as `preserve_order` is off; sorting here keeps the
    // promise even if some dependency turns that feature on.
    let mut tree = serde_json::to_value(value)?;
    sort_keys(&mut tree);
    serde_json::to_vec(&tree)
}

fn sort_keys(value: &mut Value) {
    match value {
        Value::Object(map) if map.keys().is_sorted() => map.values_mut().for_each(sort_keys),
        Value::Object(map) => {
            let mut entries: Vec<(String, Value)> = std::mem::take(map).into_iter().collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            for (key, mut inner) in entries {
                sort_keys(&mut inner);
                map.insert(key, inner);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(sort_keys),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// SHA-256 of a value's canonical bytes, as `sha256:<hex>`.
///
/// # Errors
/// As [`to_canonical`].
pub fn digest(value: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(digest_bytes(&to_canonical(value)?))
}

/// SHA-256 of bytes, as `sha256:<hex>`.
#[must_use]
pub fn digest_bytes(bytes: &[u8]) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(71);
    text.push_str("sha256:");
    for byte in Sha256::digest(bytes) {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from(HEX[usize::from(nibble)]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{digest, digest_bytes, to_canonical};
    use serde_json::json;

    #[test]
    fn key_order_does_not_matter() {
        let a = json!({"b": 1, "a": {"d": [1, {"z": 0, "y": 0}], "c": null}});
        let b = json!({"a": {"c": null, "d": [1, {"y": 0, "z": 0}]}, "b": 1});
        assert_eq!(to_canonical(&a).ok(), Some(br#"{"a":{"c":null,"d":[1,{"y":0,"z":0}]},"b":1}"#.to_vec()));
        assert_eq!(digest(&a).ok(), digest(&b).ok());
    }

    #[test]
    fn the_digest_is_sha256() {
        assert_eq!(
            digest_bytes(b"abc"),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
