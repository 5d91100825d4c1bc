# make serve: everything up to a running service. make test: everything up to the fast checks.
# Needs Python 3.11 or later, make, and a package registry that pip reaches.

PYTHON ?= python3.11
VENV   ?= .venv
BIN    := $(VENV)/bin
INDEX  ?= var/index
CONFIG ?= configs/serve.toml
PYTEST := $(BIN)/python -m pytest

.PHONY: help serve setup index test models-setup vllm-setup test-all test-gpu lint types lock vectors openapi clean

help:
	@echo "make serve      set up, index the starter corpus, serve on http://127.0.0.1:8000"
	@echo "make test       set up, then the fast checks (lint, types, layers, tests)"
	@echo "make test-all   make test, then the marks models, vllm, browser, crash, scale"
	@echo "make test-gpu   the checks that need CUDA"

# The base environment: hash-locked, no torch, nothing to download at run time.
$(VENV)/.base: requirements/base.txt pyproject.toml setup.py indexer/kernels.c
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/base.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.base
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@

setup: $(VENV)/.base

# Builds only what changed; an unchanged corpus takes seconds.
index: setup
	$(BIN)/jmedqa index build --config configs/index.toml --out $(INDEX)

serve: index
	JMEDQA_INDEX__DIR=$(INDEX) $(BIN)/jmedqa serve --config $(CONFIG) $(if $(MODEL),--model $(MODEL))

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.dev
	$(BIN)/mypy

test: lint types
	$(PYTEST) -m "not vllm and not browser and not crash and not scale and not models and not gpu"

# The extras `models` and `int8` (torch, sentence-transformers, onnxruntime), in an environment of their own.
MODELS := .cache/models-venv
$(MODELS)/.ready: requirements/models.txt requirements/dev.txt setup.py indexer/kernels.c
	rm -rf $(MODELS)
	$(PYTHON) -m venv $(MODELS)
	$(MODELS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(MODELS)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements/models.txt
	$(MODELS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

models-setup: $(MODELS)/.ready

# The real vLLM on CPU and a small model for it, in an environment of its own under .cache (built once).
vllm-setup: $(VENV)/.dev
	$(BIN)/python tests/vllm/setup_env.py

test-all: test vllm-setup models-setup
	$(MODELS)/bin/python -m pytest -m models
	$(PYTEST) -m crash
	$(PYTEST) -m "browser or scale"
	$(PYTEST) -m vllm

test-gpu: $(VENV)/.dev
	$(PYTEST) -m gpu

# Maintainers: the locks and the shipped vectors.
lock: $(VENV)/.dev
	BIN=$(BIN) requirements/lock.sh

openapi: setup
	$(BIN)/jmedqa openapi --out docs/openapi.json

vectors: index
	$(BIN)/jmedqa index export-vectors --index $(INDEX) --out corpora/starter/vectors.npz

clean:
	rm -rf $(VENV) .cache var artifacts
