# pgtap-cov. Every target sets up what it needs; nothing is done twice.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup build demo test test-rust test-wasm test-js e2e bench screenshots check ready clean
MAKEFLAGS += --no-print-directory

quiet := scripts/quiet.sh
stamp := build/stamp
export PATH := $(HOME)/.cargo/bin:$(PATH)

rust_files := Cargo.toml Cargo.lock $(shell find src -type f)
js_files := $(shell find js -type f)
www_files := $(shell find www -type f)
example_files := $(shell find examples -type f)

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "make %-12s %s\n", $$1, $$2 }'

demo: dist/package.json ## scan the example project, print its coverage, write an HTML report
	@rm -rf build/demo
	@node dist/cli/main.js scan examples/bookings --reporter text --reporter html --out build/demo
	@echo; echo "HTML report: build/demo/html/index.html"

build: dist/package.json ## fill dist/, the npm package

test: test-rust test-wasm test-js e2e ## every test

test-rust: $(stamp)/rust ## native tests of the crate
	@cargo test --quiet

test-wasm: $(stamp)/wasm $(stamp)/wasm-bindgen $(stamp)/wasm-pack $(stamp)/chromium ## the module in headless Chromium
	@$(quiet) "wasm tests in headless Chromium" scripts/test-wasm.sh
	@grep -hE '^test result|passed' build/log/wasm-tests-in-headless-Chromium.log || true

test-js: dist/package.json ## the npm package in Node
	@node_modules/.bin/vitest run --dir tests/js

e2e: dist/package.json $(stamp)/chromium ## the page in headless Chromium
	@node_modules/.bin/vitest run --dir tests/e2e

screenshots: dist/package.json $(stamp)/chromium ## pictures of the page in build/screenshots
	@node scripts/screenshots.mjs

check: $(stamp)/node build/wasm/pgtap_cov_bg.wasm ## formats, lints, types
	@$(quiet) "cargo fmt" cargo fmt --check
	@$(quiet) "cargo clippy" cargo clippy --quiet --all-targets -- -D warnings
	@$(quiet) "prettier" node_modules/.bin/prettier --check --log-level warn .
	@$(quiet) "types of js" node_modules/.bin/tsc -p js/tsconfig.json --noEmit
	@$(quiet) "types of tests" node_modules/.bin/tsc -p tests/tsconfig.json
	@$(quiet) "types of www" node_modules/.bin/svelte-check --tsconfig www/tsconfig.json --fail-on-warnings

ready: check test ## what CI runs

setup: $(stamp)/rust $(stamp)/wasm $(stamp)/wasm-bindgen $(stamp)/wasm-pack $(stamp)/chromium $(stamp)/node ## install what is missing

clean: ## remove what was built
	@rm -rf build dist target

# ---- what the targets above are made of

$(stamp)/%: scripts/setup.sh scripts/wasm-env.sh
	@mkdir -p $(stamp)
	@$(quiet) "set up $*" scripts/setup.sh $*
	@touch $@

$(stamp)/node: package.json package-lock.json
$(stamp)/wasm-bindgen: Cargo.lock $(stamp)/rust
$(stamp)/wasm-pack: $(stamp)/rust

build/wasm/pgtap_cov_bg.wasm: $(rust_files) scripts/build-wasm.sh | $(stamp)/wasm $(stamp)/wasm-bindgen $(stamp)/node
	@$(quiet) "build the wasm module" scripts/build-wasm.sh
	@grep -h '^wasm:' build/log/build-the-wasm-module.log || true
	@touch $@

build/js/index.js: $(js_files) package.json build/wasm/pgtap_cov_bg.wasm | $(stamp)/node
	@rm -rf build/js
	@$(quiet) "compile js" node_modules/.bin/tsc -p js/tsconfig.json
	@chmod +x build/js/cli/main.js
	@touch $@

build/www/index.html: $(www_files) $(js_files) $(example_files) build/wasm/pgtap_cov_bg.wasm | $(stamp)/node
	@$(quiet) "build the page" node_modules/.bin/vite build -c www/vite.config.ts
	@touch $@

dist/package.json: pkg.json README.md CHANGELOG.md scripts/dist.mjs build/js/index.js build/www/index.html
	@$(quiet) "fill dist" node scripts/dist.mjs
	@touch $@
