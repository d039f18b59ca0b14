//! gangway-coordinator
