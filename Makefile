# `make demo` and `make test` need Rust and make; what else they need they install themselves with apt-get (as root or
# with sudo). Where there is no apt-get they say what to install.

CARGO ?= cargo
PYTHON ?= python3

# The tests of a tool's presence. pcap.h is looked for with the compiler, so that every place it searches counts.
HAVE_CC = command -v cc
HAVE_LIBPCAP = printf '\043include <pcap.h>\n' | cc -x c - -fsyntax-only
# What the tests of live capture run: node with an EventSource, and Spring's SseEmitter in Tomcat.
HAVE_EVENTSOURCE = node --experimental-eventsource -e 'process.exit(globalThis.EventSource ? 0 : 1)' || node -e 'require("eventsource")'
HAVE_SPRING = command -v javac && test -e /usr/share/java/spring3-web.servlet.jar && ls /usr/share/java/tomcat9-*.jar

# $(call need,TEST,PACKAGES,ELSE): installs Debian's PACKAGES unless TEST succeeds. ELSE is run when that cannot be done.
define need
@if ! { $(1); } >/dev/null 2>&1; then \
	if [ "$$(id -u)" = 0 ]; then as_root=; else as_root=sudo; fi; \
	if command -v apt-get >/dev/null && { [ -z "$$as_root" ] || command -v sudo >/dev/null; } && \
		{ $$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $(2) >/dev/null 2>&1 || \
		{ $$as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq && \
		$$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $(2) >/dev/null; }; }; \
	then echo "make: installed $(2)"; else $(3); fi; \
fi
endef

# A build cannot do without.
required = echo "make: install $(1), which could not be done from here, and run make again." >&2; exit 1
# A test that needs the tool says that it was skipped.
optional = echo "make: $(1) could not be installed; the tests that need it are skipped." >&2

.PHONY: help demo test bench bench-needs build-needs test-needs fixtures captures

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /  make \1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r target text; do \
		printf '%-16s %s\n' "$$target" "$$text"; done

demo: build-needs ## build it and annotate the capture of the walkthrough
	$(CARGO) build --release --locked
	@$(CARGO) run --release --locked --quiet -- analyze fixtures/walkthrough.pcap

test: build-needs test-needs ## everything that has to hold: format, lints, tests, documentation
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	$(CARGO) test --locked
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps

bench: build-needs bench-needs ## ratios to tcpdump, and tshark beside it (some 6 GB of disk, 3 GB of memory, ten minutes); a layer by itself: cargo bench --bench layers
	$(CARGO) bench --locked --bench compare

fixtures: ## write the synthetic captures again, byte for byte
	$(PYTHON) fixtures/make/walkthrough.py fixtures
	$(PYTHON) fixtures/make/synthetic.py fixtures

captures: ## take the captures of real servers again (root, tcpdump, curl, node, Java; no two runs agree)
	$(PYTHON) fixtures/make/captures.py

build-needs:
	@command -v $(CARGO) >/dev/null || { echo "make: cargo is missing; install Rust from https://rustup.rs and run make again." >&2; exit 1; }
	$(call need,$(HAVE_CC),gcc libc6-dev,$(call required,a C compiler))
	$(call need,$(HAVE_LIBPCAP),libpcap-dev,$(call required,libpcap with its headers))

test-needs:
	$(call need,command -v tshark,tshark,$(call optional,tshark))
	$(call need,command -v tcpdump,tcpdump,$(call optional,tcpdump))
	$(call need,command -v $(PYTHON),python3,$(call optional,python3))
	$(call need,command -v curl,curl,$(call optional,curl))
	$(call need,command -v ip,iproute2,$(call optional,iproute2))
	$(call need,$(HAVE_EVENTSOURCE),nodejs node-eventsource,$(call optional,node with an EventSource))
	$(call need,$(HAVE_SPRING),default-jdk-headless libspring-web-servlet-java libtomcat9-java,$(call optional,a JDK with Spring and Tomcat))

bench-needs:
	$(call need,command -v tcpdump,tcpdump,$(call required,tcpdump))
	$(call need,test -x /usr/bin/time,time,$(call required,GNU time))
	$(call need,command -v tshark,tshark,$(call optional,tshark))
	$(call need,command -v tcpflow,tcpflow,$(call optional,tcpflow))
