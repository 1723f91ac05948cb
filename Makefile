# AgroFlux Explorer. `make app` opens it, `make test` checks it; each makes .venv first when needed.
# Written for GNU make 3.81 and later (macOS and Linux).

VENV    := .venv
BIN     := $(VENV)/bin
STAMP   := $(VENV)/.installed
FIND_PY  = for p in python3 python3.13 python3.12 python3.11; do \
             $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done
PYTHON  ?= $(shell $(FIND_PY))

# What a long recipe may be told: make simulate OUT=/data/full WORKERS=8
OUT     ?= build/full
WORKERS ?= 2
# Networks of which most transfer recipes are tried with two site-years only, and no hybrid.
OTHERS  := ealstm-cornbelt-century,tcn-cornbelt-century,transformer-cornbelt-century,itransformer-cornbelt-century,pyraformer-cornbelt-century
.PHONY: help install app test lint format assets screenshots benchmarks simulate train study sources leaderboard leaderboard-check transfer adapted clean clean-data
.DEFAULT_GOAL := help

help: ## say what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' Makefile | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

install: $(STAMP) ## make .venv with the pinned packages

$(STAMP): requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "AgroFlux Explorer needs Python 3.11 or newer. Install one, or name it: make app PYTHON=/path/to/python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is not Python 3.11 or newer. Name one that is: make app PYTHON=/path/to/python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

app: $(STAMP) ## open AgroFlux Explorer in the browser
	$(BIN)/agroflux app

test: $(STAMP) ## run every test, browser tests included where Chromium is found
	$(BIN)/python -m pytest -n 3 --dist loadfile

lint: $(STAMP) ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMP) ## let ruff rewrite the layout of the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

screenshots: $(STAMP) ## each page at 1440 and 400 px, light and dark, into screenshots/
	$(BIN)/python -m tests.e2e.screenshots

benchmarks: $(STAMP) ## speed of data, pages and simulation, into benchmarks/results/
	$(BIN)/python benchmarks/run.py

assets: $(STAMP) ## make the bundled data again; takes pip, npm and the engine (half an hour)
	$(BIN)/python assets/build/vendor.py
	$(BIN)/python assets/build/polygons.py
	$(BIN)/python assets/build/world.py
	$(BIN)/python assets/build/weather_central_iowa.py
	$(BIN)/python assets/build/towers_sample.py
	$(BIN)/python assets/build/cornbelt.py --work $(OUT) --workers $(WORKERS)
	$(BIN)/python assets/build/earlier_years.py
	$(BIN)/python assets/build/chambers_synthetic.py
	$(BIN)/python assets/build/data_card.py

simulate: $(STAMP) ## the full training sets of both soil models: DSSAT, 99 counties x 19 years x 20 N rates; resumable
	$(BIN)/agroflux simulate --benchmark --n-rates 20 --years 2000-2018 --model century --out $(OUT) --workers $(WORKERS)
	$(BIN)/agroflux simulate --benchmark --n-rates 20 --years 2000-2018 --model ceres --out $(OUT) --workers $(WORKERS)

train: $(STAMP) ## train the LSTM on what `make simulate` wrote, into models/
	$(BIN)/agroflux train --model lstm --data $(OUT)/cornbelt-century.zarr --protocol clean --experiment temporal --max-epochs 45 --out models --force

study: $(STAMP) ## train and score every model on both simulators, about 12 hours on two cores; resumable
	$(BIN)/agroflux study --data $(OUT) --out models --workers $(WORKERS)

sources: $(STAMP) ## further sources of transfer, into models/: an LSTM of random fields and one of both simulators
	$(BIN)/agroflux simulate --randomised 600 --seed 1 --out $(OUT)/random --workers $(WORKERS)
	$(BIN)/agroflux train --data $(OUT)/random/randomised.zarr --unknown-management 0.3 --max-epochs 200 --max-minutes 12 --out models --force
	$(BIN)/agroflux simulate --benchmark --n-rates 5 --phases alternate --model century --out $(OUT)/alternate --workers $(WORKERS)
	$(BIN)/agroflux simulate --benchmark --n-rates 5 --phases alternate --model ceres --out $(OUT)/alternate --workers $(WORKERS)
	$(BIN)/agroflux train --data $(OUT)/alternate/cornbelt-century.zarr+$(OUT)/alternate/cornbelt-ceres.zarr --max-epochs 200 --max-minutes 12 --out models --force

leaderboard: $(STAMP) ## score the models in models/ on the bundled data, into models/leaderboard.json and skill.json
	$(BIN)/agroflux leaderboard --refresh

leaderboard-check: $(STAMP) ## score them again and fail when a figure no longer follows
	$(BIN)/agroflux leaderboard --check

transfer: $(STAMP) ## what each transfer recipe gains over scratch on the bundled measurements, into models/transfer.json
	$(BIN)/agroflux transfer --model lstm-cornbelt-century --data towers-sample,chambers-synthetic --out models/transfer.json
	$(BIN)/agroflux transfer --model $(OTHERS) --data towers-sample,chambers-synthetic --recipe finetune,zero-shot --out models/transfer.json
	$(BIN)/agroflux transfer --model $(OTHERS) --data towers-sample,chambers-synthetic --recipe finetune-head,finetune-gradual,adversarial,pooled --shots 2 --out models/transfer.json
	$(BIN)/agroflux transfer --model lstm-randomised-hidden30 --data towers-sample,chambers-synthetic --recipe finetune,zero-shot --out models/transfer.json
	$(BIN)/agroflux transfer --model lstm-randomised-hidden30 --source $(OUT)/random/randomised.zarr --data towers-sample --recipe finetune-head,pooled --shots 2 --out models/transfer.json
	$(BIN)/agroflux transfer --model lstm-cornbelt-ceres --data towers-sample,chambers-synthetic --recipe finetune,zero-shot --shots 2 --out models/transfer.json
	$(BIN)/agroflux transfer --model lstm-cornbelt-century-and-cornbelt-ceres --data towers-sample,chambers-synthetic --recipe finetune,zero-shot,pooled --shots 2 --out models/transfer.json

adapted: $(STAMP) ## adapt to each bundled data set the model that does best in transfer.json, into models/adapted/
	$(BIN)/agroflux finetune --model lstm-randomised-hidden30 --data towers-sample --target NEE,GPP,Reco --recipe finetune-head --out models/adapted \
	  --site-years US-Tw3:2014,US-Tw3:2015,US-Tw3:2016,US-Tw3:2017,US-AR1:2009,US-AR1:2010 --validate US-Tw3:2018,US-AR1:2011
	$(BIN)/agroflux finetune --data chambers-synthetic --target N2O_FLUX --recipe finetune --out models/adapted \
	  --site-years CH-1:2014,CH-2:2014,CH-3:2014,CH-4:2014,CH-5:2014,CH-1:2015,CH-2:2015,CH-3:2015,CH-4:2015,CH-5:2015 \
	  --validate CH-6:2014,CH-6:2015

clean: ## remove .venv and every cache; what was simulated into build/full stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis screenshots dist *.egg-info
	@test ! -d build || find build -mindepth 1 -maxdepth 1 ! -name full -exec rm -rf {} +

clean-data: ## remove what was simulated into build/full, an hour of work and more
	rm -rf build/full
