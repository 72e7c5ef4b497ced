//! What the fuzz targets promise holds for their seeds, and for every input that once failed.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::fs;
use std::path::Path;

fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(folder);
    let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

/// `make fuzz` names the input that failed: it belongs here, with the change that mends it.
#[test]
fn fixtures() {
    for (folder, target) in [
        ("fixtures/scan", targets::scan as fn(&[u8])),
        ("fixtures/segment", targets::segment),
        ("fixtures/database", targets::database),
    ] {
        for (name, input) in files(folder) {
            println!("{folder}/{name}");
            target(&input);
        }
    }
}

#[test]
fn seeds() {
    let seeds = files("seeds");
    assert!(!seeds.is_empty());
    for (name, sql) in seeds {
        println!("{name}");
        targets::scan(&sql);
        let (segments, databases) = targets::seeds_of(&sql);
        segments.iter().for_each(|input| targets::segment(input));
        databases.iter().for_each(|input| targets::database(input));
    }
}

#[test]
#[ignore = "writes what `make fuzz` starts from"]
fn write_corpora() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (name, sql) in files("seeds") {
        let (segments, databases) = targets::seeds_of(&sql);
        for (target, inputs) in [("scan", vec![sql]), ("segment", segments.to_vec()), ("database", databases.to_vec())]
        {
            let corpus = corpora.join(target);
            fs::create_dir_all(&corpus).unwrap();
            for (n, input) in inputs.iter().enumerate() {
                fs::write(corpus.join(format!("{name}-{n}")), input).unwrap();
            }
        }
    }
}
