//! A mail as data, and its rendering as HTML (one template for every kind) and as plain text.
//!
//! Every mail ends with the ids that tie it to its run. It does not choose words: each kind of mail does.

use super::Trail;
use super::wording::one_line;
use askama::Template;

/// Most characters of a subject; the mail tool takes 200.
const SUBJECT_CHARS: usize = 150;

/// Most points a list shows. An account with hundreds of invoices must not make a mail nobody can send.
const MAX_POINTS: usize = 25;

/// The colour of the badge, so that kind and urgency are seen before a word is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Done, or welcome.
    Good,
    /// A person must look.
    Attention,
    /// It stands still.
    Stop,
}

impl Tone {
    /// Background of the badge; white text on each has a contrast above 4.5:1 (WCAG AA).
    fn colour(self) -> &'static str {
        match self {
            Self::Good => "#0b6e4f",
            Self::Attention => "#9a5b00",
            Self::Stop => "#b3261e",
        }
    }
}

/// One listed point: a finding, an error, a training module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// What, in bold.
    pub title: String,
    /// More about it.
    pub text: String,
    /// What mends it or comes of it; empty when there is nothing to say.
    pub next: String,
}

/// A list with its own heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    title: &'static str,
    points: Vec<Point>,
}

impl Section {
    /// A list; one without points is left out of the mail, a long one is cut.
    #[must_use]
    pub fn new(title: &'static str, mut points: Vec<Point>) -> Self {
        let cut = points.len().saturating_sub(MAX_POINTS);
        if cut > 0 {
            points.truncate(MAX_POINTS);
            points.push(Point {
                title: format!("…and {cut} more"),
                text: String::new(),
                next: "All of them stand in the run report.".to_owned(),
            });
        }
        Self { title, points }
    }
}

/// A link shown as a button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// What it says.
    pub label: &'static str,
    /// Where it leads.
    pub url: String,
}

impl Button {
    /// A button, if `url` is a web address; anything else (a script, a file) makes no button.
    #[must_use]
    pub fn to(label: &'static str, url: &str) -> Option<Self> {
        let is_web = url.starts_with("https://") || url.starts_with("http://");
        is_web.then(|| Self { label, url: url.to_owned() })
    }
}

/// What a mail says, in the order it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Subject line.
    pub subject: String,
    /// One or two words on the badge.
    pub badge: &'static str,
    /// Its colour.
    pub tone: Tone,
    /// Heading.
    pub heading: String,
    /// Paragraphs: what happened, why.
    pub opening: Vec<String>,
    /// Short facts; may be empty.
    pub facts: Vec<(&'static str, String)>,
    /// The button; may be absent.
    pub button: Option<Button>,
    /// Lists; those without points are left out.
    pub sections: Vec<Section>,
    /// Paragraphs: who does what next.
    pub closing: Vec<String>,
    /// Who writes, e.g. `Northwind Cloud customer success`.
    pub sender: String,
}

/// A mail as `notify.send_email` takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Subject, one line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// HTML.
    pub html: String,
}

#[derive(Template)]
#[template(path = "letter.html")]
struct Page<'a> {
    letter: &'a Letter,
    subject: &'a str,
    preview: &'a str,
    trail: &'a Trail,
    colour: &'static str,
}

impl Letter {
    /// The mail, with its ids.
    ///
    /// # Errors
    /// When the template cannot be rendered, which only a failing formatter could cause.
    pub fn render(&self, trail: &Trail) -> Result<Mail, askama::Error> {
        let subject = one_line(&self.subject, SUBJECT_CHARS);
        let preview = self.opening.first().map_or("", String::as_str);
        let page = Page { letter: self, subject: &subject, preview, trail, colour: self.tone.colour() };
        let html = page.render()?;
        Ok(Mail { text: self.plain(trail), html, subject })
    }

    fn plain(&self, trail: &Trail) -> String {
        let mut text = format!("{}\n{}\n", self.heading, "=".repeat(self.heading.chars().count().min(70)));
        for paragraph in &self.opening {
            text.push_str(&format!("\n{paragraph}\n"));
        }
        if !self.facts.is_empty() {
            text.push('\n');
            for (label, value) in &self.facts {
                text.push_str(&format!("{label}: {value}\n"));
            }
        }
        if let Some(button) = &self.button {
            text.push_str(&format!("\n{}: {}\n", button.label, button.url));
        }
        for section in self.sections.iter().filter(|section| !section.points.is_empty()) {
            text.push_str(&format!("\n{}\n{}\n", section.title, "-".repeat(section.title.len())));
            for point in &section.points {
                text.push_str(&plain_point(point));
            }
        }
        for paragraph in &self.closing {
            text.push_str(&format!("\n{paragraph}\n"));
        }
        text.push_str(&format!(
            "\n--\n{}\nAccount {} | run {} | correlation {}\n",
            self.sender, trail.account_id, trail.run_id, trail.correlation_id
        ));
        text
    }
}

fn plain_point(point: &Point) -> String {
    let mut text = format!("* {}", point.title);
    if !point.text.is_empty() {
        text.push_str(&format!(": {}", point.text));
    }
    text.push('\n');
    if !point.next.is_empty() {
        text.push_str(&format!("  -> {}\n", point.next));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Button, MAX_POINTS, Point, Section};

    #[test]
    fn only_a_web_address_makes_a_button() {
        assert!(Button::to("Log in", "https://acme.northwind.example/login").is_some());
        for bad in ["javascript:alert(1)", "data:text/html,x", "//evil.example", ""] {
            assert_eq!(Button::to("Log in", bad), None);
        }
    }

    #[test]
    fn a_long_list_is_cut_and_says_so() {
        let point = Point { title: "p".to_owned(), text: String::new(), next: String::new() };
        assert_eq!(Section::new("all", vec![point.clone(); MAX_POINTS]).points.len(), MAX_POINTS);
        let cut = Section::new("some", vec![point; MAX_POINTS + 2]);
        assert_eq!(cut.points.last().map(|last| last.title.as_str()), Some("…and 2 more"));
    }
}
