# Coffre: `make run` starts a living console over demonstration databases, `make test` runs every test.
# `make` alone lists the rest. Arguments for the console: make run ARGS="--listen 127.0.0.1:4000".

CARGO ?= cargo
ARGS ?=
CONSOLE = $(CARGO) run --package server --bin coffre --

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run demo-reset dev test test-rust test-browser test-races check bench bench-bacpac bench-nights release

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-22s %s\n", $$1, $$2 }'

run: .need-site ## start the console with its demonstration databases
	$(CONSOLE) demo $(ARGS)

demo-reset: .need-site ## the same, from the beginning: the demonstration world is made anew
	$(CONSOLE) demo --reset $(ARGS)

dev: .need-rust ## like run, rebuilt and restarted on every change
	$(CARGO) run --package bundle -- --watch -- $(ARGS)

test: test-rust test-browser ## every test

test-rust: .need-rust ## the Rust tests alone
	@.ci/need rust-tests
	.ci/rust-tests

test-browser: .need-site ## the tests in a real browser alone; pictures stay in end2end/pictures
	@.ci/need node
	@.ci/need browser
	$(CARGO) build --package server --bin coffre
	.ci/browser-tests $(ARGS)

check: .need-rust ## format, lints, dependencies, types
	.ci/check

test-races: .need-rust ## the races of the control store, 10,000 pairs of each instead of a few
	COFFRE_RACE_ROUNDS=10000 $(CARGO) test --package store at_once

bench: bench-bacpac bench-nights ## the benchmarks

bench-bacpac: .need-rust ## BACPAC files: speed against deflate and inflate alone; ARGS=1000 for 1,000 MB instead of 500
	$(CARGO) bench --package bacpac --bench speed -- $(ARGS)

bench-nights: .need-rust ## what the nights of 500, 5,000 and 50,000 sites cost; ARGS=5000 for one size
	$(CARGO) bench --package store --bench nights -- $(ARGS)

release: .need-rust ## target/release/coffre: one program that carries its web files
	$(CARGO) run --package bundle -- --release
	$(CARGO) build --release --package server --bin coffre --features embed
	@echo "coffre: $${CARGO_TARGET_DIR:-target}/release/coffre is ready"

.PHONY: .need-rust .need-site
.need-rust:
	@.ci/need rust
.need-site: .need-rust
	$(CARGO) run --package bundle
