-- A business id is the same in whichever case, as Salesforce compares external ids.
DROP INDEX runs_of_account;
CREATE INDEX runs_of_account ON runs (account_id COLLATE NOCASE);
DROP INDEX tasks_of_account;
CREATE INDEX tasks_of_account ON tasks (account_id COLLATE NOCASE);
CREATE INDEX tenants_of_account ON tenants (account_id COLLATE NOCASE);
