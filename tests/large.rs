//! A database whose index has parts: it opens with one read, and a page reads a few blocks.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use pgtap_cov::database::reader::{Answer, Filter, ObjectKey, Page, Query, ReadStep, Reader, Row};
use pgtap_cov::error::Error;
use pgtap_cov::limits::DEFAULT_ARENA_BYTES;
use pgtap_cov::scan::SourceRole::{Schema, Tests};
use pgtap_cov::scan::fact::ObjectKind;
use pgtap_cov::segment::block::{BLOCK_HEADER_BYTES, ROOT};
use pgtap_cov::segment::codec::Bytes;
use std::sync::LazyLock;
use support::{database, spelled, summary};

const FUNCTIONS: usize = 6000;
const FILES: usize = 300;

/// Functions with long lists of arguments, whose keys make an index long; each is called by a test file of many.
static LONG: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let args = |n: usize| (0..60).map(|at| format!("\"t{n}_{}\".x", at * 7919)).collect::<Vec<_>>().join(", ");
    let schema: String = (0..FUNCTIONS)
        .map(|n| format!("CREATE FUNCTION f{n:04}({}) RETURNS int LANGUAGE sql AS 'select 1';\n", args(n)))
        .collect();
    let tests: Vec<(String, String)> = (0..FILES)
        .map(|file| {
            let calls = (0..FUNCTIONS).filter(|n| n % FILES == file);
            let text = calls.map(|n| format!("SELECT has_function('public', 'f{n:04}', ARRAY['x']);\nSELECT function_returns('public', 'f{n:04}', 'integer', 'is so');\n"));
            (format!("tests/a/long/way/to/file_{file:03}.sql"), text.collect())
        })
        .collect();
    let mut sources = vec![("schema.sql", Schema, schema.as_bytes())];
    sources.extend(tests.iter().map(|(path, text)| (path.as_str(), Tests, text.as_bytes())));
    database(&sources, usize::MAX, DEFAULT_ARENA_BYTES).unwrap()
});

struct Asked<'d> {
    database: &'d [u8],
    reader: Reader,
    /// Offsets and lengths.
    reads: Vec<(u64, u32)>,
}

impl<'d> Asked<'d> {
    fn open(database: &'d [u8]) -> Self {
        Asked { database, reader: Reader::new(database.len() as u64), reads: Vec::new() }
    }

    fn ask(&mut self, query: Query) -> Result<Answer, Error> {
        self.reader.query(query)?;
        loop {
            match self.reader.next_step()? {
                ReadStep::Read(offset, length) => {
                    self.reads.push((offset, length));
                    let from = usize::try_from(offset).unwrap();
                    let bytes = self.database.get(from..from + length as usize);
                    self.reader.supply(bytes.unwrap_or_default())?;
                }
                ReadStep::Answer(answer) => return Ok(answer),
            }
        }
    }
}

fn objects(page: Page) -> Query {
    Query::Objects(Filter::default(), page)
}

#[test]
fn a_database_with_a_long_index_opens_with_one_read() {
    let mut asked = Asked::open(&LONG);
    asked.ask(Query::Summary).unwrap();
    let tail = asked.reads[0];
    assert_eq!(tail, (LONG.len() as u64 - 16 * 1024, 16 * 1024));
    assert_eq!(asked.reads.len(), 1, "the root and the summary lie in it");
}

#[test]
fn a_page_of_a_long_database_reads_a_few_blocks() {
    let mut asked = Asked::open(&LONG);
    asked.ask(Query::Summary).unwrap();
    let mut names = Vec::new();
    let mut after = 0;
    loop {
        asked.reads.clear();
        let Answer::Rows(rows, next) = asked.ask(objects(Page { after, limit: 20 })).unwrap() else { panic!() };
        let mut blocks = asked.reads.clone();
        blocks.sort_unstable();
        blocks.dedup();
        assert!(blocks.len() <= 6, "a page at {after} reads {blocks:?}");
        names.extend(rows.into_iter().map(|row| match row {
            Row::Object(object) => object.key.name,
            other => panic!("{other:?}"),
        }));
        let Some(next) = next else { break };
        after = next;
    }
    let expected: Vec<String> = (0..FUNCTIONS).map(|n| format!("f{n:04}")).collect();
    assert_eq!(names, expected);
    assert_eq!(spelled(&LONG).len(), FUNCTIONS);
    assert_eq!(summary(&LONG).totals.objects as usize, FUNCTIONS);
}

#[test]
fn evidence_of_an_object_is_found_through_a_long_index() {
    let mut asked = Asked::open(&LONG);
    for n in [0, 1, 700, 1234, FUNCTIONS - 1] {
        let Answer::Rows(rows, _) = asked.ask(objects(Page { after: u32::try_from(n).unwrap(), limit: 1 })).unwrap()
        else {
            panic!()
        };
        let [Row::Object(object)] = rows.as_slice() else { panic!() };
        let page = Page { after: 0, limit: 100 };
        let Answer::Rows(rows, next) = asked.ask(Query::Evidence { key: object.key.clone(), page }).unwrap() else {
            panic!()
        };
        assert_eq!(next, None);
        let found: Vec<String> = rows
            .into_iter()
            .map(|row| match row {
                Row::Evidence(row) => format!("{}:{} {}", row.file, row.line, row.aspect),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(found, [format!("tests/a/long/way/to/file_{:03}.sql:{} returns", n % FILES, 2 * (n / FILES) + 2)]);
    }
    let nobody = ObjectKey {
        kind: ObjectKind::Function,
        schema: "zzz".into(),
        name: "x".into(),
        sub: String::new(),
        args: String::new(),
    };
    let Answer::Rows(rows, _) = asked.ask(Query::Evidence { key: nobody, page: Page { after: 0, limit: 9 } }).unwrap()
    else {
        panic!()
    };
    assert_eq!(rows, []);
}

/// Every row of a query, by pages of this length.
fn rows(query: impl Fn(Page) -> Query, limit: u32) -> Vec<Row> {
    let mut asked = Asked::open(&LONG);
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let Answer::Rows(rows, next) = asked.ask(query(Page { after, limit })).unwrap() else { panic!() };
        assert!(rows.len() <= limit as usize);
        all.extend(rows);
        let Some(next) = next else { return all };
        after = next;
    }
}

#[test]
fn evidence_of_a_file_comes_with_its_objects() {
    for file in [0, 123, FILES - 1] {
        let path = format!("tests/a/long/way/to/file_{file:03}.sql");
        for limit in [1, 7, 10_000] {
            let found: Vec<(String, u32)> = rows(|page| Query::FileEvidence(path.clone(), page), limit)
                .into_iter()
                .map(|row| match row {
                    Row::Evidence(row) => {
                        assert_eq!(row.file, path);
                        (row.object.unwrap().name, row.line)
                    }
                    other => panic!("{other:?}"),
                })
                .collect();
            let named = (0..FUNCTIONS).filter(|n| n % FILES == file).map(|n| format!("f{n:04}"));
            assert_eq!(found, named.zip((2..).step_by(2)).collect::<Vec<_>>());
        }
    }
    assert_eq!(rows(|page| Query::FileEvidence("nowhere.sql".to_owned(), page), 9), []);
}

#[test]
fn tallies_of_all_pages_add_up_to_the_objects() {
    let filter = Filter { matching: Some("f00|f01".to_owned()), ..Filter::default() };
    for limit in [1, 64, 100_000] {
        let tallied = rows(|page| Query::Tally(filter.clone(), page), limit);
        assert_eq!(tallied.len(), 200);
        for (n, row) in tallied.iter().enumerate() {
            let Row::Tally(row) = row else { panic!("{row:?}") };
            assert_eq!((row.key.name.as_str(), row.counts), (format!("f{n:04}").as_str(), [0, 1, 0, 0]));
        }
    }
}

#[test]
fn blocks_of_other_kinds_and_schemas_are_not_read() {
    let only = |kinds, schema: &str| Filter { kinds, schema: Some(schema.to_owned()), ..Filter::default() };
    for filter in [only(vec![ObjectKind::Table], "public"), only(vec![], "pub"), only(vec![], "public2")] {
        let mut asked = Asked::open(&LONG);
        asked.ask(Query::Summary).unwrap();
        asked.reads.clear();
        assert_eq!(asked.ask(Query::Objects(filter, Page { after: 0, limit: 10 })), Ok(Answer::Rows(vec![], None)));
        // parts of the index, and where the rows would begin
        let blocks = asked.reads.iter().filter(|(_, length)| *length < 64 * 1024).count();
        assert!(blocks <= 8, "{:?}", asked.reads);
    }
}

#[test]
fn a_damaged_part_of_an_index_is_found_out() {
    let everything = |database: &[u8]| -> Result<usize, Error> {
        let mut asked = Asked::open(database);
        asked.ask(Query::Summary)?;
        let Answer::Rows(rows, _) = asked.ask(objects(Page { after: 0, limit: 10_000 }))? else { panic!() };
        let Answer::Rows(files, _) = asked.ask(Query::Files(Page { after: 0, limit: 10_000 }))? else { panic!() };
        Ok(rows.len() + files.len())
    };
    let whole = everything(&LONG).unwrap();
    assert_eq!(whole, FUNCTIONS + FILES + 1);
    // from the parts of the index to the end
    let length = LONG.len();
    let footer = &LONG[length - 64..];
    let root = usize::try_from(u64::from_le_bytes(footer[..8].try_into().unwrap())).unwrap();
    assert_eq!(LONG[root], ROOT);
    let first = usize::try_from(Bytes::new(&LONG[root + BLOCK_HEADER_BYTES..]).u64().unwrap()).unwrap();
    assert!(root - first > 70_000, "the index has parts");
    for at in (first..length).step_by(997).chain(root..root + 200).chain(length - 64..length) {
        let mut damaged = LONG.clone();
        damaged[at] ^= 0x21;
        let error = everything(&damaged).unwrap_err();
        assert!(!error.message.is_empty(), "byte {at}");
    }
    for cut in [1, 63, 64, 5000, 60_000, 200_000] {
        everything(&LONG[..length - cut]).unwrap_err();
    }
}
