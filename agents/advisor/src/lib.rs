//! gangway-advisor
