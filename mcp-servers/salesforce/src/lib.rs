//! gangway-salesforce
