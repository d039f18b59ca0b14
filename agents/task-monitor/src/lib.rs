//! gangway-task-monitor
