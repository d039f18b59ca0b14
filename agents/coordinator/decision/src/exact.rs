//! Exact arithmetic on shares and amounts.
