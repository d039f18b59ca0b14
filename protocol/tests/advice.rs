//! Nothing turns advice into a decision, facts, a finding or a grant: each attempt fails to compile.

#[test]
fn advice_becomes_nothing_that_acts() {
    trybuild::TestCases::new().compile_fail("tests/advice/*.rs");
}
