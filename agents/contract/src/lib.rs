//! gangway-contract
