# 売掛 Urikake。何もない Debian・Ubuntu・macOS（Python 3.11 以上と make）で `make run` と `make test` だけで動く。
# Every target makes what it needs first and skips what is already there. GNU make 3.81 (macOS) will do.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --no-input
POSTGRES := $(BIN)/python -m tests.postgres
# The workers share the processors: more threads in each only wait for one another (a fifth of the time).
PYTEST := POLARS_MAX_THREADS=1 $(POSTGRES) -- $(BIN)/python -m pytest -n auto --dist worksteal
STRICT = -p urikake.core -p urikake.base $(foreach room,$(sort $(wildcard src/urikake/rooms/*/queries src/urikake/rooms/*/actions)),-p $(subst /,.,$(room:src/%=%))) $(foreach file,$(wildcard src/urikake/rooms/*/queries.py src/urikake/rooms/*/actions.py),-m $(subst /,.,$(file:src/%.py=%)))
SIZES := 1000 10000 100000 $(if $(FULL),1000000)
BENCH := build/bench
SEED ?= 1
PORT ?= 8000
TESTS ?=

export PYTHONUTF8 := 1
export NO_MKDOCS_2_WARNING := 1
# Hundreds of processes read the same modules: compiled once, they start in four fifths of the time.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test check lint format types arrows story simulate bench docs lock clean

help: ## この一覧
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -e 's/:.*## /|/' | awk -F'|' '{printf "  make %-10s %s\n", $$1, $$2}'

run: $(VENV)/.runtime ## デモ会社を作り、画面を出す（準備からすべて。別の番号で: make run PORT=8080）
	@$(BIN)/urikake demo
	@$(BIN)/urikake serve --demo --port $(PORT)

test: $(VENV)/.dev $(VENV)/.postgres $(VENV)/.chromium $(VENV)/.spark ## すべてのテスト（SQLite と PostgreSQL の両方）。一部だけ: make test TESTS=tests/core
	@$(PYTEST) $(TESTS)

check: lint types arrows test ## 書式・型・依存の向き・文書の例・テスト（コミットの前に）

lint: $(VENV)/.dev ## 書き方と書式を確かめる
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(VENV)/.dev ## 書式を整える
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: $(VENV)/.dev ## 型を確かめる（core・base・各部屋の queries と actions は strict）
	@$(BIN)/mypy --strict $(STRICT)

arrows: $(VENV)/.dev ## 依存の向き（家の設計図 .importlinter）を確かめる
	@$(BIN)/lint-imports

story: $(VENV)/.dev $(VENV)/.postgres ## 経理の人が読める物語を、仕訳と試算表まで実行する
	@$(PYTEST) tests/stories

simulate: $(VENV)/.dev ## 種 SEED= から会社と年月を作り、別の計算と照らす。デモの会社で: make simulate DEMO=1
	@$(BIN)/python -m tests.simulator $(if $(DEMO),--demo,--seed $(SEED))

bench: $(VENV)/.dev $(VENV)/.postgres ## 速さを測る（両データベース。100万契約まで: make bench FULL=1）
	@mkdir -p $(BENCH)
	@for size in $(SIZES); do \
	    rm -f $(BENCH)/urikake.db*; \
	    DATABASE_URL=sqlite:///$(CURDIR)/$(BENCH)/urikake.db $(BIN)/urikake bench --contracts $$size --format table || exit 1; \
	    rm -f $(BENCH)/urikake.db*; \
	    $(POSTGRES) --durable -- $(BIN)/urikake bench --contracts $$size --format table || exit 1; \
	done

docs: $(VENV)/.docs ## 手引きを build/docs に作る（切れたリンクは誤り）
	@$(BIN)/mkdocs build --strict --quiet
	@echo "build/docs/index.html"

lock: $(VENV)/.dev ## 使う部品の版を新しくし、ハッシュとともに固定し直す
	@scripts/lock

clean: ## 作ったもの（.venv と build）を消す
	@rm -rf $(VENV) build

# What is installed: pinned versions with their hashes, then the package itself. A stamp is as new as what it was made from.
$(BIN)/python:
	@scripts/venv $(VENV)

$(VENV)/.runtime: requirements/build.txt requirements/runtime.txt pyproject.toml | $(BIN)/python
	@echo "部品を用意しています（初めは数分かかります）…"
	@$(PIP) --require-hashes -r requirements/build.txt -r requirements/runtime.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/.docs: requirements/docs.txt $(VENV)/.runtime
	@$(PIP) --require-hashes -r requirements/docs.txt
	@touch $@

$(VENV)/.chromium: tests/chromium.py $(VENV)/.dev
	@$(BIN)/python -m tests.chromium >/dev/null
	@touch $@

# Spark comes as source: it is built without isolation, by what requirements/build.txt pins.
$(VENV)/.spark: tests/java.py requirements/spark.txt $(VENV)/.dev
	@$(BIN)/python -m tests.java
	@echo "Spark を用意しています（初めは数分かかります）…"
	@$(PIP) --require-hashes --no-build-isolation -r requirements/spark.txt
	@touch $@

$(VENV)/.postgres: tests/postgres.py requirements/postgres.txt $(VENV)/.dev
	@$(POSTGRES) --ensure
	@touch $@
