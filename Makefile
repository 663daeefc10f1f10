# The two commands of the README; both make .venv first, from this folder's files alone.
PYTHON ?= python3
PIP_ARGS ?=
BIN := .venv/bin

.PHONY: train test
train: .venv/installed
	$(BIN)/python train.py recipe=entts_text_latent

test: .venv/installed
	PATH="$(CURDIR)/$(BIN):$$PATH" scripts/check

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet $(PIP_ARGS) --editable ".[dev]"
	touch $@
