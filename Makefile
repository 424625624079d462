# SPDX-License-Identifier: Apache-2.0
# make run: build a release and start Belfry in the foreground. make test: everything that can be checked. make docs: the
# pages of the Swift libraries. make bench: Belfry and its peers side by side (Benchmarks/README.md); make bench ROW=3 for one row.
# make soak: five minutes of kills, hangs, reloads and full disks under load (MINUTES=60 for more), with figures.
# make fuzz: random input for every decoder, a minute each (SECONDS=10 for less).
# make sanitize: the tests under AddressSanitizer and ThreadSanitizer (SANITIZER=address for one, TESTS=… for some of them).
# make parking: two million notifications for a service that is down, in front of a ring of 4 MiB.
# make test-examples: four services restarted 100 times each under load (RESTARTS=5, EXAMPLES="c web" for less).
# make power-cut: what a power cut may leave of the segments, LIVES=20 times over, and at each write of a real belfryd.
# make upgrade-proof: a hundred restarts and a hundred updates under load (UPGRADES=10 for less).
# All of them install the system packages that are missing (Debian, Ubuntu); nothing else of the machine is changed.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := build
.PHONY: build run test soak fuzz sanitize power-cut test-examples parking upgrade-proof bench peers docs lint lint-python clean toolchain packages-build packages-test

RELEASE := swift build -c release --static-swift-stdlib
# The system tests drive these executables.
export BELFRY_BIN = $(CURDIR)/.build/release

BUILD_PACKAGES := libsystemd-dev libsqlite3-dev pkg-config
TEST_PACKAGES := $(BUILD_PACKAGES) netcat-openbsd curl spin gcc g++ libc6-dev bsdutils systemd dbus python3 procps util-linux valgrind binutils patchelf

EXAMPLE_PACKAGES := libsystemd-dev pkg-config gcc g++ libc6-dev binutils python3 libthrift-dev thrift-compiler libboost-dev

# What the benchmark compares with; syslog-ng can't be installed beside rsyslog, and is unpacked for itself.
PEERS := nats-server libnats-dev mosquitto beanstalkd redis-server rsyslog webhook ucspi-tcp xinetd
UNPACKED_PEERS := syslog-ng-core libivykis0 libnet1 libpcre3
BENCH := Benchmarks/.build/release/bench

# Names of Debian packages that are not installed.
missing = $(shell for p in $(1); do dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q '^install ok installed' || echo $$p; done)

# $(call install,PURPOSE,PACKAGES): installs what is missing, with sudo only if we are not root.
define install
	@missing="$(strip $(call missing,$(2)))"; \
	if [ -n "$$missing" ]; then \
		command -v apt-get >/dev/null || { echo "needed to $(1), and no apt-get here to install it: $$missing" >&2; exit 1; }; \
		sudo=; if [ "$$(id -u)" != 0 ]; then sudo=sudo; echo "sudo is needed to install what is missing to $(1): $$missing"; fi; \
		$$sudo apt-get update -qq; \
		$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; \
	fi
endef

toolchain:
	@version=$$({ swift --version 2>/dev/null || true; } | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1); \
	if [ -z "$$version" ] || [ "$$(printf '6.3\n%s\n' "$$version" | sort -V | head -n 1)" != 6.3 ]; then \
		echo "Belfry needs Swift 6.3 or newer on the PATH, found: $${version:-none}; install it from swift.org" >&2; exit 1; \
	fi

packages-build: toolchain
	$(call install,build Belfry,$(BUILD_PACKAGES))

packages-test: toolchain
	$(call install,test Belfry,$(TEST_PACKAGES))

build: packages-build
	$(RELEASE) --product belfryd
	$(RELEASE) --product belfry

# Everything that is written lands in .run/: see Config/belfry.yaml.
run: build
	@mkdir -p .run
	@exec .build/release/belfryd --config Config/belfry.yaml

test: packages-test
	$(RELEASE) --product belfryd
	$(RELEASE) --product belfry
	$(RELEASE) --product instruction-counts
	Models/check
	Scripts/instruction-counts
	Scripts/fuzz --seconds 10
	# One behind the other: the system tests wait for processes, and would keep those that have a time limit waiting.
	Scripts/tests --skip SystemTests
	@if command -v docc >/dev/null; then Scripts/docs; fi
	Scripts/tests --filter SystemTests

# The same as in `make test`, for longer. BELFRY_SOAK_SEED=… repeats one.
soak: packages-test
	$(RELEASE) --product belfryd
	$(RELEASE) --product belfry
	BELFRY_SOAK_SECONDS=$$(($(or $(MINUTES),5) * 60)) swift test --filter SoakTests

fuzz: packages-build
	Scripts/fuzz --seconds $(or $(SECONDS),60)

sanitize: packages-test
	Scripts/sanitize $(if $(TESTS),--filter $(TESTS)) $(SANITIZER)

parking: packages-test
	$(RELEASE) --product belfryd
	$(RELEASE) --product belfry
	BELFRY_PARKED=2000000 swift test --filter SystemTests.ParkingTests

power-cut: packages-test
	$(RELEASE) --product belfryd
	$(RELEASE) --product belfry
	BELFRY_POWER_CUTS=$(or $(LIVES),20) swift test --filter PowerCutTests

# The services of docs/hot-restart.md; they are packages of their own, and so no part of `make test`.
test-examples: toolchain
	$(call install,build the examples of hot restart,$(EXAMPLE_PACKAGES))
	$(MAKE) -s -C Examples/hot-restart $(if $(RESTARTS),RESTARTS=$(RESTARTS)) $(if $(EXAMPLES),EXAMPLES="$(EXAMPLES)")

# A restart and an update in turn, UPGRADES=100 times, under load; then updates that are sabotaged.
upgrade-proof: packages-test
	$(RELEASE) --product belfryd
	$(RELEASE) --product belfry
	BELFRY_UPGRADES=$(or $(UPGRADES),100) swift test --filter UpgradeProofTests

# Not all of them are to be had everywhere: the benchmark leaves out what is missing, with a word.
peers: packages-build
	$(call install,build the programs of the benchmark,gcc make libc6-dev)
	@update=update; for peer in $(call missing,$(PEERS)); do \
		sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
		if [ -n "$$update" ]; then $$sudo apt-get update -qq || true; update=; fi; \
		$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$peer || \
			echo "$$peer can't be installed; the benchmark goes without it"; \
	done
	@Benchmarks/unpack-peers $(UNPACKED_PEERS) || echo "syslog-ng can't be had; the benchmark goes without it"

# Quiet is better: nothing else should run meanwhile. (Without that option new files of the client would not be seen.) ROW=3 for one row; ROUNDS=2 for fewer rounds than the 5 that most have.
bench: build peers
	$(MAKE) -s -C Benchmarks/Programs
	swift build --package-path Benchmarks -c release --disable-build-manifest-caching --product swift-client
	swift build --package-path Benchmarks -c release --disable-build-manifest-caching --product bench
	$(BENCH) $(if $(ROW),--row $(ROW)) $(if $(ROUNDS),--rounds $(ROUNDS)) --out docs/benchmarks

# The pages of the public libraries, with the toolchain's docc.
docs: packages-build
	swift build --target BelfryClient
	swift build --target HotRestart
	Scripts/docs

lint:
	swift format lint --strict -r Package.swift Sources Tests Fuzz/Targets Examples/swift Benchmarks/Package.swift Benchmarks/Sources Benchmarks/Tests

# Apart from `test`, which wants as few packages as it can; the types say the same on every machine.
lint-python:
	$(call install,check the types of the Python client,mypy)
	MYPYPATH=Examples/python mypy --strict --cache-dir=/dev/null Examples/python Tests/PythonTests

clean:
	rm -rf .build .run Benchmarks/.build Benchmarks/.build-* Examples/hot-restart/*/.build
