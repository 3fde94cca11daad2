#!/usr/bin/env bash
# Makes .venv, with the Python clients that the tests drive and our extension
# to one of them. Does nothing where it is up to date.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

extension=clients/novaclient
# The extension is installed in place: only its metadata asks for a new install.
want=$(cat scripts/requirements.txt scripts/constraints.txt "$extension/pyproject.toml" | sha256sum)
if [ "$(cat .venv/installed 2>/dev/null)" = "$want" ] && .venv/bin/python -c '' 2>/dev/null; then
	exit 0
fi

python=$(command -v python3) || apt_install python3
python=${python:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || die "Python 3.10 or newer is needed"
"$python" -c 'import ensurepip, venv' 2>/dev/null || apt_install python3-venv

say "installing the Python clients into .venv"
"$python" -m venv --clear .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check -r scripts/requirements.txt
.venv/bin/python -m pip install --quiet --disable-pip-version-check --editable "$extension"
printf '%s\n' "$want" >.venv/installed
