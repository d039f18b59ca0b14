//! gangway-provision
