#!/usr/bin/env bash
# Walks through Skyline on bin/nova-api in a headless Chromium. With arguments,
# names of steps of e2e/skyline/walk.py and administrator.py, it takes only these.
#
# Skyline is installed into .venv-skyline, Chromium and nginx as Debian's packages.
# The console that PyPI's wheel has is one of 2022, which can't log in to the API
# server beside it, so that it is built from the sources of the same release.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[ -x bin/nova-api ] || die "there is no bin/nova-api: make build"
for package in chromium chromium-driver:chromedriver nginx-light:nginx npm; do
	command -v "${package#*:}" >/dev/null || apt_install "${package%:*}"
done
venv=$PWD/.venv-skyline

# build_console builds Skyline's console, in the place of that of the wheel.
build_console() {
	local sources=$venv/sources static
	mkdir "$sources"
	"$venv/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: -d "$sources" "$(grep ^skyline-console scripts/skyline.txt)"
	tar -C "$sources" --strip-components 1 -xzf "$sources"/*.tar.gz
	(
		cd "$sources"
		cp ../../e2e/skyline/webpack.js config/plain.js
		npx --yes yarn@1.22.22 install --silent --ignore-scripts --ignore-engines --ignore-optional
		NODE_ENV=production NODE_OPTIONS="--max-old-space-size=4096 --openssl-legacy-provider" \
			node_modules/.bin/webpack --config config/plain.js
	) >"$venv/build.log" 2>&1 || die "the console can't be built: see $venv/build.log"
	static=$("$venv/bin/python" -c 'import skyline_console as s; print(s.static_path)')
	rm -rf "$static"
	mv "$sources/skyline_console/static" "$static"
	rm -rf "$sources"
}

want=$(sha256sum <scripts/skyline.txt)
if [ "$(cat "$venv/installed" 2>/dev/null)" != "$want" ] || ! "$venv/bin/python" -c '' 2>/dev/null; then
	say "installing Skyline into $venv, and building its console: five minutes"
	python3 -m venv --clear "$venv"
	"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r scripts/skyline.txt
	build_console
	printf '%s\n' "$want" >"$venv/installed"
fi
exec "$venv/bin/python" e2e/skyline "$@"
