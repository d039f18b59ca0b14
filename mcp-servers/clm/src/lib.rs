//! gangway-clm
