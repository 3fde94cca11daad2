# nova-api: `make` lists what can be done here.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL         := /usr/bin/env bash

version  := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
ldflags  := -s -w -X main.version=$(version)
lint     := scripts/golangci-lint.sh
postgres := scripts/postgres.sh run
timeout  := 20m
# The race detector, but not for SQLite translated to Go: nothing there is ours,
# and it would cost three times as much as all the rest.
race     := -race $(foreach p,modernc.org/sqlite/lib modernc.org/libc,-gcflags='$(p)=-race=false')
# The packages whose tests rewrite what they compare with.
goldens   = $(addprefix ./,$(shell git grep -lE 'flag.Bool."update"' -- '*_test.go' | xargs -r -n1 dirname | sort -u))

.PHONY: help build run check test notifications soak fuzz vet race postgres lint fmt golden docs cover bench python e2e compare conformance dashboard skyline failover cinder tools clean

help: ## list what make can do
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "%12s  %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build bin/nova-api: one static binary
	CGO_ENABLED=0 go build -trimpath -ldflags '$(ldflags)' -o bin/nova-api ./cmd/nova-api

run: build ## build and start nova-api with the embedded default: needs nothing else
	exec bin/nova-api serve

test: check python e2e ## everything, from a fresh clone: installs what it needs; what CI runs

check: vet lint race ## vet, linters, unit and API tests with the race detector on both databases

vet:
	go vet ./...

race: ## unit and API tests with the race detector on both databases
	$(postgres) go test $(race) -timeout $(timeout) ./...

postgres: ## unit and API tests on both databases, without the race detector: sooner built
	$(postgres) go test -timeout $(timeout) ./...

lint: ## report what the linters and formatters object to
	$(lint) run ./...

fmt: ## format the code as the linter wants it
	$(lint) fmt

golden: ## rewrite the golden files, and look at what changed
	go test $(goldens) -update
	git status --short

docs: golden ## rewrite the documents that tests generate from the tables in the code

soak: ## the crash tests and the model with many more rounds: half an hour; NOVA_CRASH_SEED and NOVA_MODEL_SEED repeat a run
	NOVA_CRASH_EVERY_STEP=1 $(postgres) go test -count=1 -timeout 60m -run 'Crash' ./internal/compute
	NOVA_MODEL_ROUNDS=$${NOVA_MODEL_ROUNDS:-40} NOVA_MODEL_SEED=$${NOVA_MODEL_SEED:-$$RANDOM} $(postgres) go test -count=1 -timeout 60m -run 'TestModel$$' ./internal/compute -rapid.checks=8 -rapid.steps=40
	NOVA_CRASH_ROUNDS=$${NOVA_CRASH_ROUNDS:-40} $(postgres) go test $(race) -count=1 -timeout 60m -run 'Crash|Parts' -v ./e2e

notifications: ## send notifications to a real RabbitMQ that is stopped and started under load: a minute; NOVA_CRASH_ROUNDS says how often
	scripts/rabbitmq.sh run $(postgres) go test -count=1 -timeout 30m -run 'TestNotifications$$' -v ./e2e

failover: ## kill the primary of two PostgreSQLs under load and promote its standby: twenty seconds
	NOVA_FAILOVER=1 $(postgres) go test -count=1 -run 'TestFailover$$' -v ./e2e

cinder: build tools ## run nova-api beside a real Cinder, which is installed and killed again and again: half an hour; CINDER=REGEX takes some of TestCinder
	NOVA_API_BIN=$(CURDIR)/bin/nova-api go test -tags openstack -count=1 -timeout 90m -run 'TestCinder$(and $(CINDER),/$(CINDER))' -v ./e2e

fuzz: ## send broken requests for NOVA_FUZZ_TIME (10m) and keep what breaks us; NOVA_FUZZ_SEED repeats a run
	NOVA_FUZZ_TIME=$${NOVA_FUZZ_TIME:-10m} NOVA_FUZZ_SEED=$${NOVA_FUZZ_SEED:-$$RANDOM$$RANDOM} $(postgres) go test -count=1 -timeout 60m -run 'TestFuzz$$' -v ./api

cover: ## measure which lines the tests reach, on both databases
	@mkdir -p bin
	$(postgres) go test -timeout $(timeout) -coverpkg=./... -coverprofile=bin/cover.out ./...
	go tool cover -func=bin/cover.out | tail -n 1
	go tool cover -html=bin/cover.out -o bin/cover.html

bench: ## run the Go benchmarks on both databases
	$(postgres) go test -run '^$$' -bench . -benchmem -timeout $(timeout) ./...

python: tools ## test the extension of python-novaclient
	.venv/bin/pytest clients/novaclient

e2e: build tools ## drive the built binary with the real nova, openstack and curl
	NOVA_API_BIN=$(CURDIR)/bin/nova-api .venv/bin/pytest -n 2 --dist loadscope e2e

compare: ## compare nova-api with a real Nova, call by call: needs both, see e2e/compare/README.md
	python3 e2e/compare $(COMPARE)

conformance: build ## run the tests of tempest, novaclient, gophercloud and Terraform's provider: half an hour; CONFORMANCE='SUITE [REGEX…]' runs some of them
	scripts/conformance.sh $(CONFORMANCE)

dashboard: build ## walk through Horizon in a browser: five minutes; DASHBOARD='STEP…' takes some of the steps of e2e/dashboard/walk.py
	scripts/dashboard.sh $(DASHBOARD)

skyline: build ## walk through Skyline in a browser: ten minutes, and five more to build it; SKYLINE='STEP…' takes some of the steps of e2e/skyline
	scripts/skyline.sh $(SKYLINE)

tools: ## install what the tests need: Python clients, PostgreSQL; the linter builds on first use
	scripts/venv.sh
	scripts/postgres.sh install

clean: ## remove what was built and installed here, but no state
	rm -rf bin .venv .venv-* .tools
