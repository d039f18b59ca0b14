//! gangway-store
