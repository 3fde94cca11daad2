#!/usr/bin/env bash
# Runs the conformance suites of other projects against bin/nova-api, and writes
# what they say to docs/conformance.md. The arguments, if any, are a suite and
# regular expressions for its tests: with those, it writes to no file.
#
# Tempest and the tests of python-novaclient, which use a part of it, are installed
# into .venv-tempest, apart from the clients in .venv: each wants its own versions
# of what they share. Suites in Go are built from the module proxy into
# bin/conformance.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[ -x bin/nova-api ] || die "there is no bin/nova-api: make build"
want=$(cat scripts/conformance.txt)
if [ "$(cat .venv-tempest/installed 2>/dev/null)" != "$want" ] || ! .venv-tempest/bin/python -c '' 2>/dev/null; then
	say "installing the suites into .venv-tempest"
	python3 -m venv --clear .venv-tempest
	.venv-tempest/bin/python -m pip install --quiet --disable-pip-version-check -r scripts/conformance.txt
	printf '%s\n' "$want" >.venv-tempest/installed
fi
exec .venv-tempest/bin/python e2e/conformance "$@"
