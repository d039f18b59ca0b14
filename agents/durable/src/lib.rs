//! gangway-durable
