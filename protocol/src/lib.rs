//! gangway-protocol
