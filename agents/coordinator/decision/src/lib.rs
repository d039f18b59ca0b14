//! gangway-decision
