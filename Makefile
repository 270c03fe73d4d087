# Every target sets up what it needs. What a target needs and writes is said in README.md.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Built dependencies and the lab's image outlive a checkout: docs/decisions/0002.
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/domfleet
export DOMFLEET_CACHE := $(CACHE)
# Tests, demo, browser, swarm and lab: one profile, one target directory.
CI_TARGET := $(CACHE)/target
CI_BIN := $(CI_TARGET)/ci

APPLIANCES ?= 25
PORT ?= 8443

.PHONY: help
help: ## what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: demo
demo: ## a server on SQLite with simulated appliances (APPLIANCES=25 PORT=8443)
	@deploy/dev/setup build
	@$(MAKE) --no-print-directory web binaries
	@APPLIANCES=$(APPLIANCES) PORT=$(PORT) BIN=$(CI_BIN) deploy/dev/demo

.PHONY: binaries
binaries: # the binaries of the profile ci
	@CARGO_TARGET_DIR=$(CI_TARGET) cargo build --quiet --locked --profile ci --bins

.PHONY: test
test: ## set up what is missing, run all tests that fit an hour
	@tests/run

.PHONY: lint
lint: ## formats, clippy, rustdoc
	@tests/run lint

# The stamp makes `npm ci` run when the lock is newer; `dist` is built when a source is.
web/node_modules/.stamp: web/package-lock.json
	@command -v npm >/dev/null || { echo "Node is missing: install Node 20.19 or newer with npm, then run make again" >&2; exit 1; }
	@cd web && npm ci --no-progress --loglevel=error && touch node_modules/.stamp

WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -path web/test -prune -o -type f -print 2>/dev/null)
web/dist/index.html: web/node_modules/.stamp $(WEB_SOURCES)
	@cd web && npm run --silent build && touch dist/index.html

.PHONY: web
web: web/dist/index.html ## the dashboard's pages

.PHONY: dev
dev: web/node_modules/.stamp ## a demo server, and the dashboard with hot reload
	@deploy/dev/dev

.PHONY: pictures
pictures: ## the pictures of docs/migration.md, taken of a demo
	@deploy/dev/setup test
	@$(MAKE) --no-print-directory web binaries
	@SCRIPT=pictures BIN=$(CI_BIN) tests/browser

.PHONY: release
release: web ## release binaries in target/release
	@DOMFLEET_WEB_REQUIRED=1 cargo build --locked --release --bins

# docs/decisions/0006: the target triple keeps static and dynamic artefacts apart.
.PHONY: agent
agent: ## the static agent, at target/static/domfleet-agent
	@deploy/dev/static-agent

.PHONY: lab
lab: ## all scenarios in a real Xen dom0 under QEMU
	@tests/run lab

.PHONY: soak
soak: ## 20 migrations in the lab whose power is cut, once in each phase and then at random
	@tests/run soak

.PHONY: prove
prove: ## takes out one precaution at a time, and sees the tests fail
	@deploy/dev/setup test
	@DOMFLEET_PROVE_DISKS=200 DOMFLEET_PROVE_TABLES=100 DOMFLEET_PROVE_SEEDS=100 DOMFLEET_PROVE_FLEET=2000 tests/prove

.PHONY: bench
bench: release ## measures against peers and limits, prints ratios
	@deploy/dev/setup bench
	@tests/bench/run
	@tests/bench/backup
	@tests/bench/survival
	@tests/bench/signatures

.PHONY: fuzz
fuzz: ## feeds parsers with what strangers may write, ten minutes each
	@deploy/dev/setup test
	@tests/fuzz/run

.PHONY: audit
audit: ## TLS, licences, advisories
	@deploy/dev/setup audit
	@tests/audit/run
