//! What is wrong with a configuration, in words that may stand in logs and in the audit: the setting and where it stands,
//! never the value or the line, which may hold a secret.

use figment::error::{Actual, Error, Kind};

/// Every fault, one after another.
pub fn unusable(error: Error) -> anyhow::Error {
    let faults: Vec<String> = error.into_iter().map(|fault| fault_of(&fault)).collect();
    anyhow::anyhow!("{}", faults.join("; "))
}

fn fault_of(fault: &Error) -> String {
    let source = fault.metadata.as_ref().map(|metadata| match &metadata.source {
        Some(figment::Source::File(path)) => format!(" ({})", path.display()),
        _ => format!(" ({})", metadata.name),
    });
    let source = source.unwrap_or_default();
    let what = what(&fault.kind);
    match fault.path.join(".") {
        setting if setting.is_empty() => format!("{what}{source}"),
        setting => format!("{setting}: {what}{source}"),
    }
}

fn what(kind: &Kind) -> String {
    match kind {
        Kind::Message(text) => without_the_line(text),
        Kind::InvalidType(found, wanted) => format!("it is {}, not {wanted}", name_of(found)),
        Kind::InvalidValue(_, wanted) => format!("its value is not {wanted}"),
        Kind::InvalidLength(found, wanted) => format!("it has {found} parts, not {wanted}"),
        Kind::UnknownVariant(_, known) => format!("it is none of {}", known.join(", ")),
        Kind::UnknownField(name, known) => {
            format!("there is no setting {name}; known are {}", known.join(", "))
        }
        Kind::MissingField(name) => format!("{name} is missing"),
        Kind::DuplicateField(name) => format!("{name} stands there twice"),
        Kind::ISizeOutOfRange(_) | Kind::USizeOutOfRange(_) => "the number is too large".to_owned(),
        Kind::Unsupported(found) => format!("{} cannot be used", name_of(found)),
        Kind::UnsupportedKey(found, wanted) => format!("a key is {}, not {wanted}", name_of(found)),
    }
}

/// A parser shows the line it stumbled over between the place and the message; the line stays out.
fn without_the_line(text: &str) -> String {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    match (lines.next(), lines.next_back()) {
        (Some(place), Some(message)) => format!("{place}: {message}"),
        (Some(only), None) => only.to_owned(),
        (None, _) => "it cannot be read".to_owned(),
    }
}

fn name_of(found: &Actual) -> &'static str {
    match found {
        Actual::Bool(_) => "a truth value",
        Actual::Unsigned(_) | Actual::Signed(_) => "a whole number",
        Actual::Float(_) => "a number with a fraction",
        Actual::Char(_) | Actual::Str(_) | Actual::Bytes(_) => "a text",
        Actual::Seq => "a list",
        Actual::Map => "a section",
        _ => "something else",
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use crate::config::Config;
    use figment::Figment;
    use figment::providers::{Format as _, Toml};

    /// What is said of a file, which must not hold the secret in it.
    fn said(text: &str) -> String {
        let error = Figment::from(Toml::string(text)).extract::<Config>().unwrap_err();
        let said = super::unusable(error).to_string();
        assert!(!said.contains("hush"), "{said}");
        said
    }

    #[test]
    fn the_setting_and_the_place_are_named_and_no_value_is() {
        let broken = said("data_dir = \"x\"\n[serve]\nwebhook_secrets = \"whsec_hush\n");
        assert!(broken.starts_with("TOML parse error at line 3, column "), "{broken}");
        let typed = said("data_dir = \"x\"\n[serve]\nworkers = \"hush\"\n");
        assert_eq!(typed, "serve.workers: it is a text, not a nonzero u16 (TOML source string)");
        let named = said("data_dir = \"x\"\n[serve]\nwebhook_secret = \"hush\"\n");
        assert!(named.contains("there is no setting webhook_secret; known are listen"), "{named}");
        let listed = said("data_dir = \"x\"\nslack_signing_secret = [\"hush\"]\n");
        assert!(listed.starts_with("slack_signing_secret: it is a list, not "), "{listed}");
    }
}
