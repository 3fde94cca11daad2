# Shared by the scripts beside it: source it first. It moves to the
# repository's root and fails on the first error.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '%s: %s\n' "$(basename "$0" .sh)" "$*" >&2; }
die() { say "$*"; exit 1; }

# apt_install PACKAGE… installs Debian packages, or says what to install.
apt_install() {
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		die "please install $* (as root on Debian or Ubuntu: apt-get install $*)"
	fi
	say "installing $*"
	{
		apt-get update -qq
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
	} >&2
}
