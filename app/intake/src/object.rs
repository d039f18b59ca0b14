//! A JSON body that must be an object: serde would read a struct's fields from an array too, by an order nobody has promised.

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::marker::PhantomData;

/// What was read from an object, and from nothing else.
#[derive(Debug)]
pub struct Object<T>(pub T);

impl<T> Object<T> {
    /// For `#[serde(deserialize_with)]`: a field that must be an object.
    ///
    /// # Errors
    /// It is none, or not one of this type.
    pub fn only<'de, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error>
    where
        T: Deserialize<'de>,
    {
        Self::deserialize(deserializer).map(|Self(read)| read)
    }
}

struct Fields<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
    type Value = Object<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields)).map(Object)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::Object;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        account: String,
    }

    fn read(text: &str) -> Result<Object<Order>, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn only_an_object_is_read_and_the_type_itself_stays_as_strict_as_it_is() {
        assert_eq!(read(r#"{"account":"A"}"#).unwrap().0.account, "A");
        assert!(read(r#"["A"]"#).unwrap_err().to_string().contains("expected a JSON object"));
        for wrong in
            [r#"{"account":"A","account":"B"}"#, r#"{"account":"A","more":1}"#, "{}", r#""A""#, "null"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
