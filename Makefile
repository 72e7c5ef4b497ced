# pgtap-cov. Every target sets up what it needs; nothing is done twice.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# cargo, tsc and vitest use all cores themselves, and the lines of steps stay in order
.NOTPARALLEL:
.PHONY: help setup build demo test test-rust test-wasm test-js e2e soak fuzz bench screenshots check ready clean
MAKEFLAGS += --no-print-directory

quiet := scripts/quiet.sh
stamp := build/stamp
results := build/results
vitest := node_modules/.bin/vitest run --reporter=default --reporter=json
export PATH := $(or $(CARGO_HOME),$(HOME)/.cargo)/bin:$(PATH)

# folders too: their time changes when a file goes
rust_files := Cargo.toml Cargo.lock $(shell find src)
js_files := $(shell find js)
www_files := $(shell find www)
example_files := $(shell find examples)
corpus_files := $(addprefix benches/,corpus.mjs model.mjs random.mjs schema.mjs tests.mjs)

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "make %-12s %s\n", $$1, $$2 }'

demo: dist/package.json ## scan the example project, print its coverage, write an HTML report
	@rm -rf build/demo
	@node dist/cli/main.js scan examples/bookings --reporter text --reporter html --out build/demo
	@echo; echo "HTML report: build/demo/html/index.html"

build: dist/package.json ## fill dist/, the npm package

test: test-rust test-wasm test-js e2e ## every test

test-rust: $(stamp)/rust ## native tests of the crate
	@mkdir -p $(results)
	@cargo test --quiet --no-fail-fast | tee $(results)/rust.log

test-wasm: $(stamp)/wasm $(stamp)/wasm-bindgen $(stamp)/wasm-pack $(stamp)/chromium ## the module in headless Chromium
	@mkdir -p $(results); rm -f $(results)/wasm.log
	@trap 'grep -h "^test result" build/log/wasm-tests-in-headless-Chromium.log | tee $(results)/wasm.log' EXIT; \
	$(quiet) "wasm tests in headless Chromium" scripts/test-wasm.sh

test-js: dist/package.json ## the npm package in Node
	@rm -f $(results)/js.json
	@$(vitest) --outputFile.json=$(results)/js.json --dir tests/js

e2e: dist/package.json $(stamp)/chromium ## the page in headless Chromium
	@rm -f $(results)/e2e.json
	@$(vitest) --outputFile.json=$(results)/e2e.json --dir tests/e2e

soak: $(stamp)/rust dist/package.json ## hostile text and killed processes for minutes: SOAK_SECONDS=600 SEED=7 KILLS=200 make soak
	@cargo test --quiet --release --test soak --test memory -- --ignored --nocapture
	@KILLS=$${KILLS:-200} node_modules/.bin/vitest run --dir tests/js kept

# Without a sanitizer: there is no unsafe code that one could watch.
fuzz: $(stamp)/rust $(stamp)/fuzz ## inputs that libFuzzer makes up, for FUZZ_SECONDS (600)
	@$(quiet) "corpora of the fuzz targets" cargo test --quiet --test fuzzing -- --ignored write_corpora
	@for share in scan/2 segment/4 database/4; do target=$${share%/*}; \
	  cargo fuzz run --sanitizer none $$target -- -max_total_time=$$(( $${FUZZ_SECONDS:-600} / $${share#*/} )) \
	    -dict=fuzz/sql.dict -max_len=4096 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 || \
	    { echo "fuzz: mend it, and move the input that failed to fuzz/fixtures/$$target: cargo test reads it"; exit 1; }; \
	done

bench: dist/package.json build/bench/native build/bench/corpus/one.sql benches/node_modules/.package-lock.json ## speed beside other lexers and parsers, size and memory beside SQLite: ROUNDS=21 make bench
	@build/bench/native build/bench/corpus $(ROUNDS)
	@echo; node benches/run.mjs $(ROUNDS)
	@echo; node benches/startup.mjs $(ROUNDS)
	@echo; build/bench/scale $(SCALE)

screenshots: dist/package.json $(stamp)/chromium ## pictures of the page in build/screenshots
	@node scripts/screenshots.mjs

# The default toolchain lints; Debian's, where that one builds for wasm, comes without clippy.
# should_implement_trait: the `next` of the machines is JavaScript's.
check: $(stamp)/rust $(stamp)/lint build/wasm/pgtap_cov_bg.wasm ## formats, lints, types
	@$(quiet) "cargo fmt" cargo fmt --check
	@$(quiet) "cargo fmt of benches" cargo fmt --check --manifest-path benches/Cargo.toml
	@$(quiet) "cargo clippy" cargo clippy --quiet --all-targets -- -D warnings
	@if . scripts/wasm-env.sh && has_wasm_target; then \
	  $(quiet) "cargo clippy for wasm" bash -c '. scripts/wasm-env.sh; wasm_env cargo clippy --quiet --release \
	    --target wasm32-unknown-unknown --lib -- -D warnings -A clippy::should_implement_trait'; \
	else echo "cargo clippy for wasm … skipped: the default toolchain has no wasm32-unknown-unknown"; fi
	@$(quiet) "prettier" node_modules/.bin/prettier --check --log-level warn .
	@$(quiet) "types of js" node_modules/.bin/tsc -p js/tsconfig.json --noEmit
	@$(quiet) "types of tests" node_modules/.bin/tsc -p tests/tsconfig.json
	@$(quiet) "types of www" node_modules/.bin/svelte-check --tsconfig www/tsconfig.json --fail-on-warnings

ready: check test ## what CI runs

setup: $(addprefix $(stamp)/,rust lint wasm wasm-bindgen wasm-pack chromium) node_modules/.package-lock.json ## install what is missing

clean: ## remove what was built
	@rm -rf build dist target

# ---- what the targets above are made of

$(stamp)/%: scripts/setup.sh scripts/wasm-env.sh
	@mkdir -p $(stamp)
	@TAIL=1 $(quiet) "set up $*" scripts/setup.sh $*
	@touch $@

$(stamp)/lint $(stamp)/fuzz $(stamp)/wasm $(stamp)/wasm-pack: $(stamp)/rust
$(stamp)/wasm-bindgen: Cargo.lock $(stamp)/rust

node_modules/.package-lock.json: package.json package-lock.json
	@TAIL=1 $(quiet) "set up node" scripts/setup.sh node
	@touch $@

build/wasm/pgtap_cov_bg.wasm: $(rust_files) scripts/build-wasm.sh scripts/wasm-env.sh | $(stamp)/wasm $(stamp)/wasm-bindgen node_modules/.package-lock.json
	@$(quiet) "build the wasm module" scripts/build-wasm.sh
	@grep -h '^wasm:' build/log/build-the-wasm-module.log || true
	@touch $@

build/js/index.js: $(js_files) package.json build/wasm/pgtap_cov_bg.wasm | node_modules/.package-lock.json
	@rm -rf build/js
	@$(quiet) "compile js" node_modules/.bin/tsc -p js/tsconfig.json
	@chmod +x build/js/cli/main.js
	@touch $@

build/www/index.html: $(www_files) $(js_files) $(example_files) build/wasm/pgtap_cov_bg.wasm | node_modules/.package-lock.json
	@$(quiet) "build the page" node_modules/.bin/vite build -c www/vite.config.ts
	@grep -h '^viewer:' build/log/build-the-page.log || true
	@touch $@

build/viewer/index.html: build/www/index.html
	@$(quiet) "build the page of one file" node_modules/.bin/vite build -c www/vite.viewer.config.ts
	@touch $@

dist/package.json: pkg.json README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE scripts/dist.mjs build/js/index.js build/www/index.html build/viewer/index.html
	@$(quiet) "fill dist" node scripts/dist.mjs
	@grep -h '^package:' build/log/fill-dist.log || true
	@touch $@

benches/node_modules/.package-lock.json: benches/package.json benches/package-lock.json
	@TAIL=1 $(quiet) "set up peers" scripts/setup.sh peers
	@touch $@

build/bench/corpus/one.sql: $(corpus_files)
	@$(quiet) "write the corpus" node benches/corpus.mjs

build/bench/native: $(rust_files) benches/Cargo.toml benches/Cargo.lock $(shell find benches/src) scripts/build-bench.sh scripts/wasm-env.sh | $(stamp)/wasm node_modules/.package-lock.json
	@$(quiet) "build the benchmarks" scripts/build-bench.sh
	@touch $@
