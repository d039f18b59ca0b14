//! Behaviour of the whole, and the repository's own rules, as tests. Nothing here is built into the product.
