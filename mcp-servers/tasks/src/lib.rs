//! gangway-tasks
