#!/usr/bin/env bash
# Makes .venv, with the Python clients that the tests drive and our extension
# to one of them, and .venv-legacy with the client of 2014. Does nothing where
# they are up to date.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

extension=clients/novaclient
# The extension is installed in place: only its metadata asks for a new install.
want=$(cat scripts/requirements.txt scripts/constraints.txt "$extension/pyproject.toml" | sha256sum)
legacy=$(sha256sum <scripts/legacy.txt)

# current VENV MARK tells whether a virtual environment works and has the mark.
current() { [ "$(cat "$1/installed" 2>/dev/null)" = "$2" ] && "$1/bin/python" -c '' 2>/dev/null; }

if current .venv "$want" && current .venv-legacy "$legacy"; then
	exit 0
fi

python=$(command -v python3) || apt_install python3
python=${python:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || die "Python 3.10 or newer is needed"
"$python" -c 'import ensurepip, venv' 2>/dev/null || apt_install python3-venv

if ! current .venv "$want"; then
	say "installing the Python clients into .venv"
	"$python" -m venv --clear .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r scripts/requirements.txt
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --editable "$extension"
	printf '%s\n' "$want" >.venv/installed
fi
if ! current .venv-legacy "$legacy"; then
	say "installing the client of 2014 into .venv-legacy"
	"$python" -m venv --clear .venv-legacy
	.venv-legacy/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: -r scripts/legacy.txt
	printf '%s\n' "$legacy" >.venv-legacy/installed
fi
