//! What one answer of Salesforce's says, from status and bytes to facts, by the functions the tools read with.
//!
//! Nothing is sent: of an answer in pages it is the first that is read. Bytes from outside can be tried here on their own.

use gangway_governance::vendor::{self, Answer};
use gangway_protocol::tools::Tool as _;
use gangway_protocol::tools::salesforce::{
    ClosedWonList, DealArgs, GetOnboardingBundle, ListClosedWon, OnboardingBundle,
};
use gangway_protocol::{ApiError, System};

use crate::connection::{part_page, read_row};
use crate::errors::{BUNDLE, classify};
use crate::settings::{Schema, Settings, SettingsError};
use crate::tools::get_onboarding_bundle::{answered, ask};
use crate::tools::list_closed_won::listed;
use crate::wire::{CompositeAnswer, QueryPage};

/// Reads answers of one org.
pub struct Reader {
    schema: Schema,
}

impl Reader {
    /// For the org that these settings describe.
    ///
    /// # Errors
    /// When a setting cannot be used.
    pub fn of(settings: &Settings) -> Result<Self, SettingsError> {
        Ok(Self { schema: settings.schema()? })
    }

    /// The answer to the composite call of `salesforce.get_onboarding_bundle`.
    ///
    /// # Errors
    /// What the tool would fail with.
    pub fn bundle(&self, args: &DealArgs, answer: &Answer) -> Result<OnboardingBundle, ApiError> {
        let operation = GetOnboardingBundle::CONTRACT.operation();
        let asked = ask(operation, &self.schema, args);
        let composite: CompositeAnswer = vendor::read(System::Salesforce, operation, answer, classify)
            .map_err(|error| error.hiding(BUNDLE))?;
        let pages = asked.parts.iter().map(|part| part_page(operation, part, &composite));
        let rows = pages.map(|page| page.map(|page| page.records)).collect();
        answered(operation, &self.schema, asked, rows)
    }

    /// The answer to the query of `salesforce.list_closed_won` for at most `limit` deals.
    ///
    /// # Errors
    /// What the tool would fail with.
    pub fn closed_won(&self, limit: u32, answer: &Answer) -> Result<ClosedWonList, ApiError> {
        let operation = ListClosedWon::CONTRACT.operation();
        let page: QueryPage = vendor::read(System::Salesforce, operation, answer, classify)?;
        let rows = page.records.iter().map(|row| read_row(operation, row));
        listed(operation, &self.schema, rows.collect::<Result<_, _>>()?, limit)
    }
}
