//! Tenants: at most one per account. The API key is kept as a hash only.

use crate::codec::{record, records, to_json};
use crate::filter::{Filter, owned_by};
use crate::writer::Shape;
use crate::{Store, StoreError};
use gangway_protocol::tenant::{Tenant, TenantState};
use gangway_protocol::{AccountId, TenantId};
use rusqlite::{Connection, params, params_from_iter};

const TABLE: &str = "tenants";

/// The tenants of a store.
#[derive(Debug, Clone, Copy)]
pub struct Tenants<'a>(pub(crate) &'a Store);

impl Tenants<'_> {
    /// Stores the account's tenant, or gives the one it already has; the flag says which.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn create(self, tenant: &Tenant, key_hash: &str) -> Result<(Tenant, bool), StoreError> {
        let json = to_json(tenant)?;
        let (tenant, key_hash) = (tenant.clone(), key_hash.to_owned());
        self.0
            .write(Shape::OneStatement, move |connection| {
                if let Some(existing) = of_account(connection, &tenant.account_id)? {
                    return Ok((existing, false));
                }
                connection
                    .prepare_cached(
                        "INSERT INTO tenants (tenant_id, account_id, key_hash, record) VALUES (?1, ?2, ?3, ?4)",
                    )?
                    .execute([tenant.tenant_id.as_str(), tenant.account_id.as_str(), &key_hash, &json])?;
                Ok((tenant, true))
            })
            .await
    }

    /// One tenant; none when there is no such tenant.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn get(self, tenant_id: &TenantId) -> Result<Option<Tenant>, StoreError> {
        let tenant_id = tenant_id.clone();
        self.0.read(move |connection| by_id(connection, &tenant_id)).await
    }

    /// The account's tenant; none when it has none.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn of_account(self, account: &AccountId) -> Result<Option<Tenant>, StoreError> {
        let account = account.clone();
        self.0.read(move |connection| of_account(connection, &account)).await
    }

    /// Tenants by id, after `cursor`, at most `limit`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn list(self, cursor: Option<&TenantId>, limit: u32) -> Result<Vec<Tenant>, StoreError> {
        let (sql, values) = Filter::default()
            .and("tenant_id > ?", cursor.map(|after| after.as_str().to_owned()))
            .select("SELECT record FROM tenants", "tenant_id", limit);
        self.0
            .read(move |connection| {
                let mut select = connection.prepare_cached(&sql)?;
                records(TABLE, &mut select, params_from_iter(values))
            })
            .await
    }

    /// Switches a tenant on or off; gives it as it is then, or none when there is no such tenant.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn set_state(
        self,
        tenant_id: &TenantId,
        state: TenantState,
    ) -> Result<Option<Tenant>, StoreError> {
        let tenant_id = tenant_id.clone();
        self.0
            .write(Shape::OneStatement, move |connection| {
                let Some(mut tenant) = by_id(connection, &tenant_id)? else { return Ok(None) };
                tenant.state = state;
                connection
                    .prepare_cached("UPDATE tenants SET record = ?2 WHERE tenant_id = ?1")?
                    .execute([tenant_id.as_str(), &to_json(&tenant)?])?;
                Ok(Some(tenant))
            })
            .await
    }

    /// Replaces a tenant's API key; gives the tenant as it is then, or none when there is no such tenant. A suspended
    /// tenant keeps the key it has, which its state says.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn replace_key(
        self,
        tenant_id: &TenantId,
        key_id: &str,
        key_hash: &str,
    ) -> Result<Option<Tenant>, StoreError> {
        let (tenant_id, key_id, key_hash) = (tenant_id.clone(), key_id.to_owned(), key_hash.to_owned());
        self.0
            .write(Shape::OneStatement, move |connection| {
                let Some(mut tenant) = by_id(connection, &tenant_id)? else { return Ok(None) };
                match tenant.state {
                    TenantState::Active => {}
                    TenantState::Suspended => return Ok(Some(tenant)),
                }
                tenant.api_key_id = key_id;
                connection
                    .prepare_cached("UPDATE tenants SET record = ?2, key_hash = ?3 WHERE tenant_id = ?1")?
                    .execute(params![tenant_id.as_str(), to_json(&tenant)?, key_hash])?;
                Ok(Some(tenant))
            })
            .await
    }
}

fn by_id(connection: &Connection, tenant_id: &TenantId) -> Result<Option<Tenant>, StoreError> {
    let mut select = connection.prepare_cached("SELECT record FROM tenants WHERE tenant_id = ?1")?;
    record(TABLE, &mut select, [tenant_id.as_str()])
}

fn of_account(connection: &Connection, account: &AccountId) -> Result<Option<Tenant>, StoreError> {
    let (condition, name) = owned_by(account);
    let mut select = connection.prepare_cached(&format!("SELECT record FROM tenants WHERE {condition}"))?;
    record(TABLE, &mut select, [name])
}
