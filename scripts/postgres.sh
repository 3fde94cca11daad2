#!/usr/bin/env bash
# A private PostgreSQL for tests: no system service, nothing left behind.
#
#   scripts/postgres.sh start DIR     starts one in DIR, prints its URL
#   scripts/postgres.sh stop DIR      stops it, and removes what it kept
#   scripts/postgres.sh bounce DIR    stops it as a crash would, and starts it
#                                     again where it was
#   scripts/postgres.sh follow DIR URL
#                                     starts a standby in DIR of the one at URL,
#                                     which confirms nothing any more that the
#                                     standby doesn't have; prints its URL
#   scripts/postgres.sh crash DIR     stops it as a crash would
#   scripts/postgres.sh promote DIR   makes a standby the primary
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

# prepare makes a folder for a new cluster.
prepare() {
	[ ! -e "$1/data" ] || die "there is a cluster in $1 already"
	mkdir -p "$1"
	[ "$(id -u)" != 0 ] || chown "$owner" "$1"
	as_owner test -w "$1" || die "$1 is out of reach for the user $owner"
}

# launch starts the cluster in a folder on some port, and prints the port: one below
# those that the kernel gives out, and another one if it is taken.
launch() {
	local port
	for _ in 1 2 3 4 5; do
		port=$((20000 + RANDOM % 12000))
		if as_owner "$bin/pg_ctl" -D "$1/data" -l "$1/log" -o "-p $port" -w -t 60 start >/dev/null; then
			echo "$port"
			return
		fi
	done
	tail -n 20 "$1/log" >&2
	die "PostgreSQL does not start"
}

# start makes a cluster in a folder, and prints its URL.
start() {
	local dir=$1 password port
	prepare "$dir"
	password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
	as_owner tee "$dir/password" <<<"$password" >/dev/null
	as_owner "$bin/initdb" -D "$dir/data" -U nova -A scram-sha-256 --pwfile="$dir/password" \
		-E UTF8 --locale=C --no-sync >"$dir/initdb.log" || { cat "$dir/initdb.log" >&2; return 1; }
	rm "$dir/password"
	configure "$dir"
	port=$(launch "$dir")
	echo "postgres://nova:$password@127.0.0.1:$port/postgres?sslmode=disable"
}

# follow makes a synchronous standby of a cluster, and prints its URL.
follow() {
	local dir=$1 url=$2 port
	prepare "$dir"
	as_owner "$bin/pg_basebackup" -d "$url" -D "$dir/data" -R -X stream -c fast --no-sync >&2
	port=$(launch "$dir")
	as_owner "$bin/psql" -q -d "$url" -c "ALTER SYSTEM SET synchronous_commit = on" \
		-c "ALTER SYSTEM SET synchronous_standby_names = '*'" -c "SELECT pg_reload_conf()" >/dev/null
	for _ in $(seq 100); do
		if [ "$(as_owner "$bin/psql" -tA -d "$url" -c "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'")" = 1 ]; then
			sed -E "s/:[0-9]+\//:$port\//" <<<"$url"
			return
		fi
		sleep 0.1
	done
	die "the standby does not follow"
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

# crash ends a cluster as a crash would, and keeps it.
crash() { as_owner "$bin/pg_ctl" -D "$1/data" -m immediate -w stop >/dev/null; }

# promote makes a standby the primary.
promote() { as_owner "$bin/pg_ctl" -D "$1/data" -w -t 60 promote >/dev/null; }

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
"follow 3") follow "$(absolute "$2")" "$3" ;;
"crash 2") crash "$(absolute "$2")" ;;
"promote 2") promote "$(absolute "$2")" ;;
"run "*) [ $# -gt 1 ] || die "run what?"; shift; run "$@" ;;
"install 1") ;;
*) die "usage: start DIR | stop DIR | bounce DIR | follow DIR URL | crash DIR | promote DIR | run COMMAND… | install" ;;
esac
