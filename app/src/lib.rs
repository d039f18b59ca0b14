//! gangway
