//! gangway-toolbelt
