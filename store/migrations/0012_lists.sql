-- What lists are filtered and sorted by. At 100,000 rows each of these read its whole table, tasks through a sort as well.
-- A run's outcome and time stay in its record: an index over them would be paid for by every write of every run.
CREATE INDEX tasks_by_due_date ON tasks (due_date, task_id);
CREATE INDEX tasks_in_status ON tasks (status, due_date, task_id);
DROP INDEX tasks_open_by_due_date;
CREATE INDEX tasks_open_by_due_date ON tasks (due_date, task_id) WHERE status NOT IN ('completed', 'skipped');
CREATE INDEX approvals_in_state ON approvals (state);
CREATE INDEX outbox_in_state ON outbox (state);
