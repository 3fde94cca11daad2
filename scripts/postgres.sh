#!/usr/bin/env bash
# A private PostgreSQL for tests: no system service, nothing left behind.
#
#   scripts/postgres.sh start DIR     starts one in DIR, prints its URL
#   scripts/postgres.sh stop DIR      stops it, and removes what it kept
#   scripts/postgres.sh bounce DIR    stops it as a crash would, and starts it
#                                     again where it was
#   scripts/postgres.sh run COMMAND…  starts one, runs the command with its URL
#                                     in NOVA_TEST_POSTGRES, stops it
#   scripts/postgres.sh install       only sees to it that PostgreSQL is there
#
# It listens on a free port of 127.0.0.1, with a random password, and trades
# all safety of data for speed. PostgreSQL is taken from PATH or from where
# Debian puts it, and installed if there is none.
root=$(dirname "${BASH_SOURCE[0]}")/..
here=$PWD
. "$root/scripts/lib.sh"

# find_bin prints the folder with initdb and pg_ctl.
find_bin() {
	local candidate
	for candidate in "$(command -v initdb || true)" $(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -rV); do
		if [ -x "$candidate" ] && [ -x "$(dirname "$candidate")/pg_ctl" ]; then
			dirname "$(readlink -f "$candidate")"
			return
		fi
	done
	return 1
}

# as_owner runs a command as the user that owns the cluster: PostgreSQL refuses
# to run as root.
as_owner() {
	if [ "$(id -u)" = 0 ]; then
		runuser -u "$owner" -- "$@"
	else
		"$@"
	fi
}

# configure writes settings for a cluster whose data nobody will miss.
configure() {
	as_owner tee -a "$1/data/postgresql.conf" >/dev/null <<-CONF
		listen_addresses = '127.0.0.1'
		unix_socket_directories = ''
		max_connections = 300
		shared_buffers = 64MB
		fsync = off
		synchronous_commit = off
		full_page_writes = off
		autovacuum_naptime = 10min
		logging_collector = off
	CONF
}

# start makes a cluster in a folder, and prints its URL.
start() {
	local dir=$1 password port
	[ ! -e "$dir/data" ] || die "there is a cluster in $dir already"
	mkdir -p "$dir"
	[ "$(id -u)" != 0 ] || chown "$owner" "$dir"
	as_owner test -w "$dir" || die "$dir is out of reach for the user $owner"

	password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
	as_owner tee "$dir/password" <<<"$password" >/dev/null
	as_owner "$bin/initdb" -D "$dir/data" -U nova -A scram-sha-256 --pwfile="$dir/password" \
		-E UTF8 --locale=C --no-sync >"$dir/initdb.log" || { cat "$dir/initdb.log" >&2; return 1; }
	rm "$dir/password"
	configure "$dir"

	# Below the ports that the kernel gives out; another try if one is taken.
	for _ in 1 2 3 4 5; do
		port=$((20000 + RANDOM % 12000))
		if as_owner "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -o "-p $port" -w -t 60 start >/dev/null; then
			echo "postgres://nova:$password@127.0.0.1:$port/postgres?sslmode=disable"
			return
		fi
	done
	tail -n 20 "$dir/log" >&2
	die "PostgreSQL does not start"
}

# stop ends the cluster that a folder's own pid file names, and removes it.
stop() {
	[ -e "$1/data/PG_VERSION" ] || die "there is no cluster in $1"
	if [ -e "$1/data/postmaster.pid" ]; then
		as_owner "$bin/pg_ctl" -D "$1/data" -m immediate -w stop >/dev/null
	fi
	rm -rf "$1"/{data,log,initdb.log}
	rmdir "$1" 2>/dev/null || true # the caller may keep other things there
}

# bounce crashes a cluster, and starts it again with the options that it had.
bounce() {
	[ -e "$1/data/postmaster.pid" ] || die "there is no cluster that runs in $1"
	as_owner "$bin/pg_ctl" -D "$1/data" -l "$1/log" -m immediate -w -t 60 restart >/dev/null
}

# run runs a command beside a cluster of its own.
run() {
	local dir status=0
	dir=$(mktemp -d "${TMPDIR:-/tmp}/nova-postgres.XXXXXX")
	trap 'stop "'"$dir"'"' EXIT
	NOVA_TEST_POSTGRES=$(start "$dir")
	export NOVA_TEST_POSTGRES
	(cd "$here" && "$@") || status=$?
	return "$status"
}

# absolute makes a path of the caller's absolute.
absolute() { case $1 in /*) echo "$1" ;; *) echo "$here/$1" ;; esac; }

bin=$(find_bin) || { apt_install postgresql; bin=$(find_bin) || die "PostgreSQL is not to be found"; }
owner=$(id -un)
if [ "$(id -u)" = 0 ]; then
	owner=$(id -un postgres 2>/dev/null || id -un nobody)
fi

case "${1-} $#" in
"start 2") start "$(absolute "$2")" ;;
"stop 2") stop "$(absolute "$2")" ;;
"bounce 2") bounce "$(absolute "$2")" ;;
"run "*) [ $# -gt 1 ] || die "run what?"; shift; run "$@" ;;
"install 1") ;;
*) die "usage: start DIR | stop DIR | bounce DIR | run COMMAND… | install" ;;
esac
