//! `GANGWAY_*` variables as a configuration layer.
//!
//! `GANGWAY_SALESFORCE__BASE_URL` is `salesforce.base_url`. `GANGWAY_SALESFORCE__PRIVATE_KEY_PEM_FILE` names a file whose content
//! is `salesforce.private_key_pem`, so that secrets need not stand in the environment. Values are texts; where
//! a setting is a number or a truth the text is read as one when the layers are extracted (figment's lossy extraction).

use anyhow::{Context as _, Result, bail};
use figment::value::{Dict, Map, Value};
use figment::{Error, Metadata, Profile, Provider};
use secrecy::SecretString;
use std::ffi::OsString;
use std::fs;

const PREFIX: &str = "GANGWAY_";
/// Variables that are not settings: they are read elsewhere.
const NOT_SETTINGS: [&str; 6] = ["config", "simulator", "principal", "pass", "crash_at", "crash_log"];

/// The variables found.
pub struct Environment {
    settings: Vec<(String, String)>,
    simulator: Option<String>,
    api_key: Option<SecretString>,
}

impl Environment {
    /// Reads the process environment and the files it names.
    pub fn read() -> Result<Self> {
        Self::of(std::env::vars_os())
    }

    fn of(variables: impl Iterator<Item = (OsString, OsString)>) -> Result<Self> {
        let mut settings = Vec::new();
        let mut simulator = None;
        let mut api_key = None;
        for (name, value) in variables {
            // What others call their variables, and write into them, is none of our business.
            let Some(name) = name.to_str() else { continue };
            let Some(key) = name.strip_prefix(PREFIX) else { continue };
            let Ok(value) = value.into_string() else { bail!("{name} is not valid UTF-8") };
            let key = key.to_lowercase().replace("__", ".");
            if key == "simulator" {
                simulator = Some(value);
            } else if let Some(key) = key.strip_suffix("_file") {
                let content = fs::read_to_string(&value)
                    .with_context(|| format!("{name} names the file {value}, which cannot be read"))?;
                let content = content.trim_end().to_owned();
                match key {
                    "api_key" => api_key = Some(SecretString::from(content)),
                    key => settings.push((key.to_owned(), content)),
                }
            } else if key == "api_key" {
                api_key = Some(SecretString::from(value));
            } else if !NOT_SETTINGS.contains(&key.as_str()) {
                settings.push((key, value));
            }
        }
        Ok(Self { settings, simulator, api_key })
    }

    /// `GANGWAY_SIMULATOR`: the base address of a simulator that already runs.
    pub fn simulator(&self) -> Option<String> {
        self.simulator.clone()
    }

    /// `GANGWAY_API_KEY`: the key of the person who acts at the command line.
    pub fn api_key(&self) -> Option<SecretString> {
        self.api_key.clone()
    }
}

/// The variables that are set and change what a launched program does, by name: a host that starts it does not have them.
pub fn variables() -> Vec<String> {
    let of_the_launch = ["GANGWAY_CONFIG", "GANGWAY_DATA_DIR", "GANGWAY_API_KEY", "GANGWAY_API_KEY_FILE"];
    let ours = |name: &String| name.starts_with(PREFIX) && !of_the_launch.contains(&name.as_str());
    let mut found: Vec<String> =
        std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).filter(ours).collect();
    found.sort_unstable();
    found
}

impl Provider for Environment {
    fn metadata(&self) -> Metadata {
        Metadata::named("GANGWAY_* environment variables")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let mut tree = Dict::new();
        for (key, text) in &self.settings {
            let nested = figment::util::nest(key, Value::from(text.as_str())).into_dict().unwrap_or_default();
            merge(&mut tree, nested);
        }
        Ok(Map::from([(Profile::Default, tree)]))
    }
}

fn merge(into: &mut Dict, from: Dict) {
    for (key, value) in from {
        match (into.remove(&key), value) {
            (Some(Value::Dict(tag, mut old)), Value::Dict(_, new)) => {
                merge(&mut old, new);
                into.insert(key, Value::Dict(tag, old));
            }
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::Environment;
    use figment::Figment;
    use std::ffi::OsString;
    use std::num::NonZeroU64;
    use std::os::unix::ffi::OsStringExt as _;

    fn layer(settings: &[(&str, &str)]) -> Figment {
        let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Figment::from(Environment { settings, simulator: None, api_key: None })
    }

    #[test]
    fn a_text_becomes_what_the_setting_is() {
        let layer = layer(&[
            ("netsuite.account", "1234567"),
            ("netsuite.retry_base_ms", "20"),
            ("netsuite.tba", "true"),
            ("won_deals.overlap_minutes", "30"),
            ("demo.rate", "0.25"),
        ]);
        assert_eq!(layer.extract_inner_lossy::<String>("netsuite.account").unwrap(), "1234567");
        assert_eq!(layer.extract_inner_lossy::<NonZeroU64>("netsuite.retry_base_ms").unwrap().get(), 20);
        assert!(layer.extract_inner_lossy::<bool>("netsuite.tba").unwrap());
        assert_eq!(layer.extract_inner_lossy::<Option<u32>>("won_deals.overlap_minutes").unwrap(), Some(30));
        assert_eq!(layer.extract_inner_lossy::<f64>("demo.rate").unwrap().to_string(), "0.25");
        layer.extract_inner_lossy::<u32>("netsuite.tba").unwrap_err();
    }

    #[test]
    fn bytes_that_are_no_text_matter_only_in_our_own_variables() {
        let broken = || OsString::from_vec(vec![0xff]);
        let foreign = [(OsString::from("LESS_TERMCAP"), broken()), (broken(), OsString::from("x"))];
        assert!(Environment::of(foreign.into_iter()).unwrap().settings.is_empty());
        let ours = [(OsString::from("GANGWAY_CLM__USER_ID"), broken())];
        let error = Environment::of(ours.into_iter()).err().unwrap().to_string();
        assert!(error.contains("GANGWAY_CLM__USER_ID"), "{error}");
    }

    #[test]
    fn variables_of_one_section_come_together() {
        let layer =
            layer(&[("notify.slack.token", "x"), ("notify.smtp.host", "h"), ("notify.slack.base_url", "b")]);
        for key in ["notify.slack.token", "notify.smtp.host", "notify.slack.base_url"] {
            assert!(layer.find_value(key).is_ok(), "{key}");
        }
    }
}
