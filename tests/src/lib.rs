//! gangway-tests
