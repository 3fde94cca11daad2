#!/usr/bin/env bash
# Fetches a version of noVNC from the npm registry, for internal/console to
# embed as it is: scripts/novnc.sh 1.7.0
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

version=${1:?which version of @novnc/novnc?}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
(cd "$dir" && npm pack --silent "@novnc/novnc@$version" >/dev/null)
mv "$dir/novnc-novnc-$version.tgz" "internal/console/novnc-$version.tgz"
say "internal/console/novnc-$version.tgz is there: name it in internal/console/pages.go, and remove the other"
