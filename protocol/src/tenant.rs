//! Tenants: tiers, what each entitles to, and the tenant record.

use crate::{AccountId, RunId, TenantId};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What the customer bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum Tier {
    /// Largest.
    Enterprise,
    /// Middle.
    Growth,
    /// Smallest.
    Starter,
}

impl Tier {
    /// The tier a contract's key terms name, compared exactly; anything else is unknown.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        match text {
            "Enterprise" => Some(Self::Enterprise),
            "Growth" => Some(Self::Growth),
            "Starter" => Some(Self::Starter),
            _ => None,
        }
    }

    /// What this tier entitles to.
    #[must_use]
    pub fn entitlements(self) -> Entitlements {
        let (users, storage_gb, api_calls_per_hour, features): (u32, u32, u32, &[&str]) = match self {
            Self::Enterprise => {
                (100, 500, 10_000, &["analytics", "api_access", "sso", "custom_reports", "dedicated_support"])
            }
            Self::Growth => (25, 100, 5_000, &["analytics", "api_access", "standard_reports"]),
            Self::Starter => (5, 25, 1_000, &["analytics", "basic_reports"]),
        };
        Entitlements {
            users,
            storage_gb,
            api_calls_per_hour,
            features: features.iter().map(|f| (*f).to_owned()).collect(),
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Enterprise => "Enterprise",
            Self::Growth => "Growth",
            Self::Starter => "Starter",
        })
    }
}

/// What a tenant may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Entitlements {
    /// Seats.
    pub users: u32,
    /// Storage, in gigabytes.
    pub storage_gb: u32,
    /// API calls an hour.
    pub api_calls_per_hour: u32,
    /// Feature names, in a fixed order.
    pub features: Vec<String>,
}

/// Whether a tenant can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TenantState {
    /// In use.
    Active,
    /// Switched off.
    Suspended,
}

impl TenantState {
    /// The name as it stands in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

/// One customer's tenant. At most one per account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tenant {
    /// Its id.
    pub tenant_id: TenantId,
    /// The account it belongs to.
    pub account_id: AccountId,
    /// The tier it was made with.
    pub tier: Tier,
    /// Active or suspended.
    pub state: TenantState,
    /// Where its users log in.
    pub login_url: String,
    /// What it may use.
    pub entitlements: Entitlements,
    /// Id of its API key. The key itself is shown once, by `gangway tenants credentials`.
    pub api_key_id: String,
    /// The run that made it.
    pub run_id: RunId,
    /// When it was made.
    pub created_at: Timestamp,
}
