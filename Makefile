# One command each; every one sets up first what it needs. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
DESK := .venv-desk
BIN := $(VENV)/bin
# Thread pools that spin starve each other on a desktop; OpenCV's and FFmpeg's chatter would hide our messages.
export OMP_WAIT_POLICY ?= PASSIVE
export OPENCV_LOG_LEVEL ?= ERROR
export OPENCV_FFMPEG_LOGLEVEL ?= -8
# Models that lie beside the checkout are used when they are there.
export FACEKD_MODELS ?= $(wildcard ../shared/data/weights)

SOURCES := pyproject.toml $(shell find cpp_ext -type f 2>/dev/null)

.PHONY: help run run-desk run-mysql demo test check bench soak faults sanitize clean setup
help:  ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

setup: $(VENV)/.ready  ## system libraries, virtual environment, extension, package

$(VENV)/.ready: $(SOURCES) scripts/setup.sh scripts/system-deps.sh
	@scripts/setup.sh $(VENV)

run: $(VENV)/.ready  ## open the application; without a screen it says so and runs the demo
	@scripts/run.sh $(VENV)

$(DESK)/.ready: $(SOURCES) scripts/setup.sh scripts/system-deps.sh
	@scripts/setup.sh $(DESK) desk

run-desk: $(DESK)/.ready  ## open the application without its training part, for door desks: less than half the size
	@scripts/run.sh $(DESK)

run-mysql: $(VENV)/.ready  ## open the application on a private MariaDB that starts and stops with it
	@scripts/system-deps.sh test
	@scripts/run-mysql.sh "$$($(BIN)/python -c 'from facekd_ui.home import default_home; print(default_home())')" \
	  scripts/run.sh $(VENV)

demo: $(VENV)/.ready  ## enrol the sample people and recognise them in the sample video
	@$(BIN)/python samples/demo.py --out out

test: $(VENV)/.ready  ## every check: tests, style, types, dependencies, packages
	@scripts/system-deps.sh test
	@scripts/check.sh $(VENV)
	@QT_QPA_PLATFORM=$${QT_QPA_PLATFORM:-offscreen} $(BIN)/python -m pytest
	@scripts/packages.sh $(VENV)

check: $(VENV)/.ready  ## style, types and dependencies only
	@scripts/check.sh $(VENV)

bench: $(VENV)/.ready  ## benchmarks into out/bench: make bench, make bench NAME=pipeline
	@for name in $(or $(NAME),$(notdir $(basename $(wildcard bench/*.py)))); do \
	  [ $$name = report ] || [ $$name = ground_truth ] || $(BIN)/python bench/$$name.py; done

soak: $(VENV)/.ready  ## half an hour of live video and lost cameras: memory, threads, descriptors (MINUTES=30)
	@$(BIN)/python bench/ui.py --only memory,cameras --minutes $(or $(MINUTES),30)

faults: $(VENV)/.ready  ## stores lost, servers gone, and a process killed 200 times while it enrols
	@scripts/system-deps.sh test
	@FACEKD_FAULTS=4 QT_QPA_PLATFORM=$${QT_QPA_PLATFORM:-offscreen} $(BIN)/python -m pytest tests/ui/faults \
	  tests/db/test_kill.py

sanitize: $(VENV)/.ready  ## the native engine under address, undefined-behaviour and thread sanitizers
	@scripts/sanitize.sh $(VENV)

clean:  ## remove everything that was built
	rm -rf $(VENV) $(DESK) build dist out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
