# What each target does, and what it installs, is said before it happens. Every target can be run
# again: what is there already is left as it is.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup image demo test bench ci lint clean


help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Check the Rust toolchain; on Debian and Ubuntu as root install and start Docker if no daemon answers
	@scripts/setup.sh

image: setup ## Build the image highwater/timescaledb:2.19-pg17 from Debian's packages, unless it is there
	@scripts/image.sh

# The public image where it is there or can be pulled; ours elsewhere.
database-image: setup
	@scripts/database-image.sh
.PHONY: database-image

demo: database-image ## Set up, build, and run the quickstart: fill, measure 30 s, print the table
	cargo build --release
	./target/release/highwater run quickstart

test: database-image ## Set up, then run every test, those against a real database included
	cargo test --release

bench: database-image ## Set up, then run the benchmarks
	cargo bench

lint: ## Formatting, clippy with warnings denied, and cargo-deny if it is installed
	cargo fmt --check
	cargo clippy --release --all-targets -- -D warnings
	@if cargo deny --version >/dev/null 2>&1; then \
		echo "cargo deny check"; cargo deny check; \
	else \
		echo "lint: cargo-deny is not installed: licences and sources are not checked (cargo install cargo-deny)"; \
	fi

ci: ## What continuous integration runs: lint, then test
	@.ci/run

clean: ## Remove what killed runs left in Docker, and the build; images, reports and kept targets stay
	@if [ -x target/release/highwater ]; then ./target/release/highwater clean; fi
	cargo clean
