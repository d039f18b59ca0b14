//! gangway-notify
