//! gangway-netsuite
