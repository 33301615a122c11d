.DEFAULT_GOAL := help
ROUNDS ?= 10
MINUTES ?= 10
PEOPLE ?= 200
SAMPLES ?= 300
# The test program itself, not its runner: what it prints is seen while it happens.
BLACKBOX = dotnet run --project tests/Cote.BlackBox -- -noLogo -showLiveOutput

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

run: ## Serve on port 8000, data in ./data
	dotnet run --project src/Cote.Server

fmt: ## Put the code into its form
	dotnet format

check: ## What CI says before the tests: form and warnings
	dotnet format --verify-no-changes
	dotnet build --nologo

test: ## The fast stage: what a change must pass before anything else
	dotnet test

test-slow: ## The slow stage: clusters, crashes, chaos, soak, full disks, the bench in short; .ci/run runs both
	dotnet test -m:1 --filter Stage=slow

demo: ## The main job, told line by line: publish, start, ask, see the reply stream, restart, see the history
	$(BLACKBOX) -class Cote.BlackBox.DemoTests

crash: ## kill -9 in the middle of everything, ROUNDS times, and the proof that nothing was lost
	COTE_CRASH_ROUNDS=$(ROUNDS) $(BLACKBOX) -class Cote.BlackBox.Crash.CrashTests

cluster: ## Three nodes behind nginx with PEOPLE for MINUTES, and everything under them breaks in turn
	COTE_CLUSTER_PEOPLE=$(PEOPLE) COTE_CLUSTER_MINUTES=$(MINUTES) $(BLACKBOX) -class Cote.BlackBox.Cluster.ChaosTests

migration-figures: ## How long the migrations take of a million messages, on both engines
	dotnet test --filter "FullyQualifiedName~TreeMigrationTests.A_million_messages" --logger "console;verbosity=detailed"

cluster-figures: ## From node to node in milliseconds, two nodes against one, each of SAMPLES
	COTE_CLUSTER_SAMPLES=$(SAMPLES) $(BLACKBOX) -class Cote.BlackBox.Cluster.FiguresTests

search-figures: ## What a search of COTE_SEARCH_MESSAGES (a million) takes, and what the index costs a send
	dotnet test tests/Cote.Tests --filter "FullyQualifiedName~SearchFiguresTests" --logger "console;verbosity=detailed"

soak: ## Memory over MINUTES of connects, replies and disconnects
	COTE_SOAK_MINUTES=$(MINUTES) $(BLACKBOX) -class Cote.BlackBox.SoakTests

screenshots: ## The pictures of the page in docs/images, painted again
	COTE_SCREENSHOTS=1 $(BLACKBOX) -class Cote.BlackBox.Page.PageScreenshots

startup: ## Cold start to the first 200 and resident memory when idle
	scripts/startup.sh

bench: ## Every figure beside its yardsticks, about 40 minutes; SHORT=1 only shows that it works; BENCH='--only sends' and the like
	dotnet run -c Release --project bench/Cote.Load -- bench $(if $(SHORT),--short) $(BENCH)

scale: ## A month of a million users on PostgreSQL in short, about 10 minutes; SCALE='--scale 1/500,1/100 --only growth' and the like
	dotnet run -c Release --project bench/Cote.Scale -- $(SCALE)

micro: ## What the hot paths cost without a network, allocations counted
	dotnet run -c Release --project bench/Cote.Micro

publish: ## The program as it ships, into artifacts/publish
	dotnet publish src/Cote.Server -c Release -o artifacts/publish

.PHONY: help run fmt check test test-slow demo crash cluster cluster-figures migration-figures search-figures soak screenshots startup bench scale micro publish
