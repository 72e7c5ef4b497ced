//! The module as JavaScript sees it, in a real browser.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::panic)]

use js_sys::{Array, Function, Object, Reflect, Uint8Array};
use pgtap_cov::wasm::{AnalyzerMachine, MergeMachine, ReaderMachine};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (key, value) in fields {
        Reflect::set(&object, &JsValue::from_str(key), value).unwrap();
    }
    object.into()
}

fn get(value: &JsValue, key: &str) -> JsValue {
    Reflect::get(value, &JsValue::from_str(key)).unwrap()
}

fn text(value: &JsValue, key: &str) -> String {
    get(value, key).as_string().unwrap()
}

fn machine(arena: f64) -> AnalyzerMachine {
    let run = JsValue::from_str("00112233445566778899aabbccddeeff");
    AnalyzerMachine::new(object(&[("run", run), ("arenaBytes", JsValue::from_f64(arena))])).ok().unwrap()
}

/// Keeps segments in a JavaScript array, through a callback that throws at its first call.
struct Host {
    callback: Function,
    kept: Array,
    failures: u32,
}

impl Host {
    fn new() -> Host {
        let kept = Array::new();
        let make = Function::new_with_args(
            "kept",
            "let calls = 0; return (segment) => { if (calls++ === 0) throw new Error('disk full'); kept.push(segment); };",
        );
        let callback = make.call1(&JsValue::NULL, &kept).unwrap().unchecked_into();
        Host { callback, kept, failures: 0 }
    }

    /// Offers the pending segment; acknowledges it only where the callback returns.
    fn drain(&mut self, machine: &mut AnalyzerMachine) {
        let segment = machine.pending().unwrap();
        match self.callback.call1(&JsValue::NULL, &segment) {
            Ok(_) => machine.ack(get(&segment, "seq").as_f64().unwrap()).unwrap(),
            Err(_) => self.failures += 1,
        }
    }
}

/// Scans a schema and tests through a small arena; returns the host and the manifest.
fn scan() -> (Host, JsValue) {
    let tables: Vec<String> = (0..900).map(|n| format!("CREATE TABLE table_{n} (id int);")).collect();
    let schema = tables.concat();
    let tests = "SELECT has_table('table_7'); SELECT has_table('gone');";
    let (mut machine, mut host, sources) = (machine(65536.0), Host::new(), Array::new());
    for (path, role, sql) in [("s.sql", "schema", schema.as_str()), ("t.sql", "tests", tests)] {
        machine.begin(path, role).unwrap();
        let mut rest = sql.as_bytes();
        while !rest.is_empty() {
            let progress = machine.push(rest).unwrap();
            let consumed = get(&progress, "consumed").as_f64().unwrap();
            rest = &rest[consumed as usize..];
            if text(&progress, "step") == "segment-ready" {
                host.drain(&mut machine);
            }
        }
        while machine.end().unwrap() == "segment-ready" {
            host.drain(&mut machine);
        }
        sources.push(&machine.entry().unwrap());
    }
    while machine.finish().unwrap() == "segment-ready" {
        host.drain(&mut machine);
    }
    let manifest = object(&[("format", JsValue::from_str("pgtap-cov-manifest/1")), ("sources", sources.into())]);
    (host, manifest)
}

fn merge(kept: &Array, manifest: JsValue) -> (Vec<u8>, JsValue) {
    let mut machine = MergeMachine::new(manifest, None, None).ok().unwrap();
    for segment in kept.iter() {
        let bytes = Uint8Array::from(get(&segment, "bytes"));
        machine.add_segment(&text(&segment, "id"), f64::from(bytes.length())).unwrap();
    }
    let mut database = Vec::new();
    loop {
        let step = machine.next().unwrap();
        match text(&step, "step").as_str() {
            "read" => {
                let number = |key: &str| get(&step, key).as_f64().unwrap() as u32;
                let bytes = Uint8Array::from(get(&kept.get(number("segment")), "bytes"));
                let range = bytes.slice(number("offset"), number("offset") + number("length"));
                machine.supply(&range.to_vec()).unwrap();
            }
            "write" => database.extend(Uint8Array::from(get(&step, "bytes")).to_vec()),
            _ => return (database, get(&step, "summary")),
        }
    }
}

#[wasm_bindgen_test]
fn a_callback_that_throws_once_loses_nothing() {
    let (host, manifest) = scan();
    assert_eq!(host.failures, 1);
    assert!(host.kept.length() > 1, "{} segments", host.kept.length());
    let (_, summary) = merge(&host.kept, manifest);
    let totals = get(&summary, "totals");
    let figures = ["objects", "covered", "asserted", "gap"].map(|key| get(&totals, key).as_f64().unwrap());
    assert_eq!(figures, [900.0, 1.0, 1.0, 899.0]);
    assert_eq!(get(&summary, "stale").as_f64(), Some(1.0));
}

#[wasm_bindgen_test]
fn a_database_answers_by_range() {
    let (host, manifest) = scan();
    let (database, _) = merge(&host.kept, manifest);
    let mut reader = ReaderMachine::new(database.len() as f64).ok().unwrap();
    let query = [("q", "objects"), ("match", "^public\\.table_7$")].map(|(k, v)| (k, JsValue::from_str(v)));
    reader.query(object(&[&query[..], &[("limit", JsValue::from_f64(10.0))]].concat())).unwrap();
    let page = loop {
        let step = reader.next().unwrap();
        if text(&step, "step") == "done" {
            break get(&step, "result");
        }
        let offset = get(&step, "offset").as_f64().unwrap() as usize;
        let length = get(&step, "length").as_f64().unwrap() as usize;
        reader.supply(&database[offset..offset + length]).unwrap();
    };
    let rows = Array::from(&get(&page, "rows"));
    assert_eq!(rows.length(), 1);
    assert_eq!((text(&rows.get(0), "name"), text(&rows.get(0), "state")), ("table_7".into(), "asserted".into()));
}

#[wasm_bindgen_test]
fn errors_are_objects_with_a_stable_code_and_a_place() {
    let mut machine = machine(65536.0);
    machine.begin("picture.sql", "tests").unwrap();
    let error = machine.push(b"SELECT 1;\n\0").unwrap_err();
    assert_eq!((text(&error, "code"), text(&error, "file")), ("INPUT".into(), "picture.sql".into()));
    assert_eq!((get(&error, "line").as_f64(), get(&error, "offset").as_f64()), (Some(2.0), Some(10.0)));
    let error = AnalyzerMachine::new(object(&[("run", JsValue::from_str("x"))])).err().unwrap();
    assert_eq!(text(&error, "code"), "CONFIG");
}
