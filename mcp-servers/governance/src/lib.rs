//! gangway-governance
