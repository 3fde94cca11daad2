#!/usr/bin/env bash
# Runs golangci-lint with the arguments given, after building the version that
# .golangci.yml is written for: some minutes, once.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

version=v2.15.0
lint=.tools/golangci-lint-$version/golangci-lint
if [ ! -x "$lint" ]; then
	say "building $version, which takes some minutes"
	GOBIN=$PWD/$(dirname "$lint") GOFLAGS='' CGO_ENABLED=0 \
		go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$version"
fi
exec "$lint" "$@"
