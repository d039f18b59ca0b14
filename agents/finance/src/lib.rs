//! gangway-finance
