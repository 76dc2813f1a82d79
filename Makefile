# Everything one does with Roomlog. Each target installs what it needs and is missing (scripts/install).
#
#   make run     Roomlog on this machine, no service needed: http://127.0.0.1:8080
#   make up      a cluster on this machine: Kafka, registry, PostgreSQL, Redis, Jaeger, two edges, both projectors, HAProxy,
#                Prometheus
#   make down    stops it
#   make test    every test, on real services of its own; TEST='-p engine fold' narrows it down
#   make web     builds the TypeScript client and the page, which the next build of roomlog packs into the binary
#   make test-web   their part of it alone: rules, unit tests, tests against a real server and a cluster
#   make test-browser   the page's proofs, in Chromium against a server and a cluster
#   make test-million   the last part of it alone: what is promised, over a million events; some minutes
#   make test-observability   each alert made to fire by its cause, on a real Prometheus beside a cluster; some eight minutes
#   make lint    formatting, clippy, licences and bans of dependencies, unused dependencies
#   make audit   known vulnerabilities of dependencies (fetches the RustSec database)
#   make bench   the benchmarks; see bench/README.md
#   make secrets   passwords for docker-compose.yml, in .secrets; what is there stays
#   make test-containers   builds the image, brings docker-compose.yml up with podman, sends and hears by its balancer; root, and
#                  half an hour the first time; writes deploy/report.md

SHELL := /bin/bash
DIR ?= .dev
TEST ?= --workspace
BENCH ?= all
WATCHED := -p api --features observability --test it
MILLION := --workspace --test million
CACHE := $(if $(ROOMLOG_CACHE),$(ROOMLOG_CACHE),$(HOME)/.cache/roomlog)
TOOLS := $(CACHE)/tools/bin
BINARY := $(abspath $(or $(CARGO_TARGET_DIR),target))/debug/roomlog

.PHONY: run up down web test test-scripts test-web test-browser test-million test-observability test-containers secrets lint audit bench
.PHONY: web-against-binary browser-against-binary
.NOTPARALLEL:

# The chat of the lines that it prints is built before, so that nobody who pastes them waits for a compiler.
run: web
	@scripts/install build
	@cargo build -p roomlog-client --example chat
	@cargo run -p api --bin roomlog -- serve

up: web
	@scripts/install build services traces
	@scripts/cluster up $(DIR) prometheus

down:
	@scripts/cluster down $(DIR)

# The binary that the workspace's tests run is the one that the page's run too: a build of its own would have other features,
# and so compile half of the crates once more. All is compiled before the first test runs, the chat that one of them pastes too.
test: test-scripts web
	@cargo test --no-run $(TEST)
	@$(if $(filter --workspace,$(TEST)),cargo test --no-run $(MILLION) && cargo build -p roomlog-client --example chat)
	@scripts/with-services cargo test --no-fail-fast $(TEST)
	@$(if $(filter --workspace,$(TEST)),$(MAKE) --no-print-directory web-against-binary browser-against-binary test-million)

web:
	@scripts/install web
	@scripts/web build

test-web:
	@scripts/install build
	@cargo build -p api --bin roomlog
	@$(MAKE) --no-print-directory web-against-binary

test-browser: web
	@scripts/install build
	@cargo build -p api --bin roomlog
	@$(MAKE) --no-print-directory browser-against-binary

web-against-binary:
	@scripts/install services traces web
	@scripts/web lint
	@ROOMLOG_TEST_BIN=$(BINARY) scripts/with-services scripts/web test

browser-against-binary:
	@scripts/install services traces browser
	@ROOMLOG_TEST_BIN=$(BINARY) scripts/with-services --only redis scripts/web e2e

test-million:
	@scripts/install build services
	@cargo test --no-run $(MILLION)
	@scripts/with-services cargo test $(MILLION) -- --nocapture

test-observability:
	@scripts/install build services
	@cargo test --no-run $(WATCHED)
	@scripts/with-services --only redis cargo test $(WATCHED) observability::every_alert -- --nocapture

test-scripts:
	@scripts/install
	@observability/check
	@scripts/test

test-containers:
	@scripts/install build services traces web containers
	@scripts/containers

secrets:
	@scripts/secrets

lint:
	@scripts/install build tools web
	scripts/web lint
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	$(TOOLS)/cargo-deny --workspace check --hide-inclusion-graph bans licenses sources
	$(TOOLS)/cargo-machete

audit:
	@scripts/install build tools
	$(TOOLS)/cargo-deny --workspace check advisories

bench:
	@scripts/install build services traces peers
	@cargo build --release -p api -p bench
	@ulimit -Sn $$(ulimit -Hn) && ROOMLOG_BENCH_CENTRIFUGE=$(CACHE)/peers/centrifuge \
		scripts/with-services cargo run --release -p bench -- $(BENCH)
