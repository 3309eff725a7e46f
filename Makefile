# Why Overparameterized Networks Generalize: `make` builds the book, `make help` lists what else there is.
# Variables whose names begin with OVERPARAM_ are read from the environment (README.md).

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := book
.PHONY: book test test-slow test-lowest package serve pdf epub zip sphinx confirm bench colab colab-test paper assignments grade requirements vendor cache clean clean-cache help

PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
PYTEST := $(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder
SCALE := $(or $(OVERPARAM_SCALE),laptop)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONUTF8 := 1
# The scripts in .venv name the folder where it was made. In a checkout that was moved or copied they lead elsewhere.
# The folders are compared, since a folder can have several names; the programs in them may all be links to one Python.
MOVED := $(shell made="$$(head -n 2 $(BIN)/pip 2>/dev/null | sed -nE 's|^[^/]*(/[^"]*/bin)/python.*|\1|p')"; \
  [[ -z "$$made" || "$$made" -ef $(BIN) ]] || echo moved)

book: .venv/.ready ## run the chapters that changed, then build the book
	@$(BIN)/python tools/execute.py
	$(BIN)/python tools/build.py

test test-slow: export OVERPARAM_SCALE := smoke

test: .venv/.ready ## lint, check types, run the chapters at smoke scale, test the package
	@$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy & types=$$! # on another core
	$(BIN)/python tools/colab.py --check
	$(BIN)/python tools/paper.py --check
	wait $$types
	$(BIN)/python tools/execute.py
	$(PYTEST) -m "not slow" tests
	echo "These tests passed in $$SECONDS s. make test-slow tests the pages, the assignments, and what happens to programs that are killed."

test-slow: .venv/.ready ## build the book at smoke scale, test its pages, the assignments, and programs that are killed
	@$(BIN)/python tools/execute.py
	$(BIN)/python tools/build.py
	$(BIN)/python tools/compared.py
	$(PYTEST) --nbval-lax -m slow tests build/smoke/compared
	echo "The slow tests passed in $$SECONDS s"

test-lowest: ## test the package with the lowest versions that pyproject.toml declares (maintainers)
	@$(PYTHON) tools/lowest.py

package: ## build what pip installs, build/package/*.whl and *.tar.gz, and check it (maintainers)
	@$(PYTHON) -m venv build/packaging
	build/packaging/bin/pip install -q build twine
	rm -rf build/package
	build/packaging/bin/python -m build -o build/package
	build/packaging/bin/twine check --strict build/package/*

serve: ## serve the book that was built
	@test -f build/$(SCALE)/html/index.html || { echo "There is no book in build/$(SCALE)/html: run OVERPARAM_SCALE=$(SCALE) make book first." >&2; exit 1; }
	echo "The book is at http://localhost:$(PORT)/ (Ctrl-C stops it)"
	$(PYTHON) -m http.server $(PORT) --bind 127.0.0.1 --directory build/$(SCALE)/html

pdf: book ## print the book as one PDF (Chromium does it)
	@$(BIN)/python tools/forms.py pdf

epub: book ## make an EPUB of the book, for e-readers (Chromium, too)
	@$(BIN)/python tools/forms.py epub

zip: book ## pack the built book into one archive that opens without a server
	@$(BIN)/python tools/forms.py zip

sphinx: .venv/.ready build/sphinx/.ready ## build the book that was run with Sphinx of today alone, without Jupyter Book, into build/laptop/sphinx/html
	@$(BIN)/python tools/build.py --sphinx

confirm: .venv/.ready ## measure what decides the verdicts: [CHAPTER=bias-variance] [FINDING=id]; CHECK=2 compares two replicates
	@$(BIN)/python tools/confirm.py $(CHAPTER) $(if $(FINDING),--finding $(FINDING)) $(if $(CHECK),--check $(CHECK))

bench: .venv/.ready ## measure the speed of training against PyTorch and JAX (QUICK=1: half an hour)
	@$(BIN)/python -m benchmarks $(if $(QUICK),--quick)

colab: .venv/.ready ## derive the notebooks that Colab opens
	@$(BIN)/python tools/colab.py

colab-test: .venv/.ready ## run these notebooks, and the assignments', with Colab's versions (NAMES="notebooks/01": some of them)
	@$(BIN)/python tools/colab_test.py $(NAMES)

paper: .venv/.ready ## write the authors and the references into what journals and archives read
	@$(BIN)/python tools/paper.py

assignments: .venv/.ready ## derive the notebooks for students, and what grades them
	@$(BIN)/python tools/assignments.py

grade: .venv/.ready ## grade a class: FOLDER=submissions ASSIGNMENT=01 (OPTIONS="--jobs 4 --seconds 60")
	@$(BIN)/python tools/grade.py "$(or $(FOLDER),$(error Name the folder of submissions: make grade FOLDER=submissions ASSIGNMENT=01))" \
	  --assignment "$(or $(ASSIGNMENT),$(error Name the assignment: make grade FOLDER=submissions ASSIGNMENT=01))" $(OPTIONS)

# Pins that pyproject.toml still allows stay as they are; UPGRADE=-U takes the newest of everything.
requirements: ## recompile requirements.txt, with the oldest Python that is supported (maintainers)
	@$(PYTHON) -m venv build/pip-tools
	build/pip-tools/bin/pip install -q pip-tools
	cp requirements.txt build/requirements.txt
	build/pip-tools/bin/pip-compile -q $(UPGRADE) --all-extras --strip-extras --annotation-style=line --no-header \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host -o build/requirements.txt pyproject.toml
	{ head -n 1 requirements.txt; sed -E '/^(#|nvidia-|cuda-|triton|$$)/d; s/\+cpu//' build/requirements.txt; } > build/pins
	mv build/pins requirements.txt

vendor: .venv/.ready ## fetch the scripts and fonts that pages use (maintainers)
	@$(BIN)/python tools/vendor.py

clean: ## remove what was built; downloads and trained networks stay
	rm -rf build

cache: .venv/.ready ## list the trained networks that are kept, and their size
	@$(BIN)/overparam cache

clean-cache: .venv/.ready ## forget the trained networks; the next book trains them again
	@$(BIN)/overparam cache clear

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' Makefile

# Its own packages come first, those of .venv after them: what the book's extensions import.
build/sphinx/.ready: tools/plain_sphinx/requirements.txt
	@rm -rf build/sphinx
	$(BIN)/python -m venv build/sphinx
	build/sphinx/bin/pip install -qq -r tools/plain_sphinx/requirements.txt
	$(BIN)/python -c 'import sysconfig; print("import site; site.addsitedir(%r)" % sysconfig.get_path("purelib"))' > "$$(echo build/sphinx/lib/python*/site-packages)/of_venv.pth"
	touch $@

TOO_OLD := import sys; sys.version_info >= (3, 11) or \
  sys.exit("Python 3.11 or newer is needed, but $(PYTHON) is %s: name another with make PYTHON=python3.12" % sys.version.split()[0])

.PHONY: moved
moved:
	@[[ ! -e .venv.moved || -e .venv.moved/.ready ]] || { echo "There is a .venv.moved that make did not set up: rename or remove it, then run make again." >&2; exit 1; }
	echo "This checkout was moved or copied, and its .venv leads to where it was made: it becomes .venv.moved, and a new one is made."
	rm -rf .venv.moved
	mv .venv .venv.moved

.venv/.ready: requirements.txt pyproject.toml setup.py $(MOVED)
	@$(PYTHON) -c '$(TOO_OLD)'
	echo "Setting up .venv: about 2 minutes the first time, up to 10 where PyTorch brings its GPU libraries"
	test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	$(BIN)/pip install -qq -r requirements.txt
	$(BIN)/pip install -qq --no-deps -e .
	touch $@
