//! Every input the fuzzers found worth keeping, tried again with an ordinary build.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use gangway_fuzzed::TARGETS;
use std::fs;
use std::path::Path;

/// What a target's kept inputs may come to.
const MOST_FILES: usize = 300;
const MOST_BYTES: usize = 1 << 20;

#[test]
fn what_the_fuzzers_kept_holds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for (name, check) in TARGETS {
        let (mut files, mut bytes) = (0, 0);
        for entry in fs::read_dir(corpus.join(name)).unwrap() {
            let path = entry.unwrap().path();
            let input = fs::read(&path).unwrap();
            (files, bytes) = (files + 1, bytes + input.len());
            let held = std::panic::catch_unwind(|| check(&input));
            assert!(held.is_ok(), "{} breaks a property", path.display());
        }
        assert!((1..=MOST_FILES).contains(&files), "{name}: {files} inputs are kept");
        assert!(bytes <= MOST_BYTES, "{name}: {bytes} bytes are kept");
    }
}
