#!/usr/bin/env bash
# A private RabbitMQ for tests: no system service, no root, nothing left behind.
#
#   scripts/rabbitmq.sh start DIR     starts one in DIR, or again what was there, and
#                                     prints its URL
#   scripts/rabbitmq.sh stop DIR      stops it, and keeps what was in its queues
#   scripts/rabbitmq.sh kill DIR      stops it as a crash would
#   scripts/rabbitmq.sh run COMMAND…  installs it, and runs the command with
#                                     NOVA_TEST_RABBITMQ set to this script
#   scripts/rabbitmq.sh install       only sees to it that RabbitMQ is there
#
# It listens on free ports of 127.0.0.1, with a random password. RabbitMQ is taken
# from where Debian puts it; if there is none, Debian's packages of it and of Erlang
# are unpacked in .tools, which takes no root.
root=$(dirname "${BASH_SOURCE[0]}")/..
here=$PWD
. "$root/scripts/lib.sh"
tools=$PWD/.tools/rabbitmq

packages=(
	rabbitmq-server erlang-base erlang-asn1 erlang-crypto erlang-public-key erlang-mnesia erlang-runtime-tools
	erlang-ssl erlang-eldap erlang-ftp erlang-tftp erlang-inets erlang-snmp erlang-os-mon erlang-parsetools
	erlang-syntax-tools erlang-tools erlang-xmerl
)

# find_home prints what is above usr/lib/erlang and usr/lib/rabbitmq: nothing for Debian's.
find_home() {
	local candidate
	for candidate in "" "$tools"; do
		if [ -x "$candidate/usr/lib/erlang/bin/erl" ] && compgen -G "$candidate/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server" >/dev/null; then
			echo "$candidate"
			return
		fi
	done
	return 1
}

# unpack downloads Debian's packages, and unpacks them in .tools.
unpack() {
	command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || die "please install rabbitmq-server"
	local new=$tools.new
	rm -rf "$new"
	mkdir -p "$new/packages"
	say "downloading RabbitMQ"
	(cd "$new/packages" && apt-get download -qq "${packages[@]}") >&2 || die "the packages can't be downloaded: apt-get update may help"
	local package
	for package in "$new"/packages/*.deb; do dpkg-deb -x "$package" "$new"; done
	rm -r "$new/packages"
	rm -rf "$tools"
	mv "$new" "$tools"
}

# erl_paths has everything called erl and epmd be the ones that were found, wherever
# they have been unpacked.
erl_paths() {
	export ROOTDIR=$home/usr/lib/erlang EMU=beam PROGNAME=erl
	BINDIR=$(echo "$ROOTDIR"/erts-*/bin)
	export BINDIR
	mkdir -p "$1/bin"
	printf '#!/bin/sh\nexec "%s/erlexec" "$@"\n' "$BINDIR" >"$1/bin/erl"
	chmod +x "$1/bin/erl"
	export PATH=$1/bin:$BINDIR:$PATH
}

# port prints a free port, below those that the kernel gives out.
port() {
	local try
	for _ in $(seq 50); do
		try=$((20000 + RANDOM % 12000))
		if ! (exec 3<>"/dev/tcp/127.0.0.1/$try") 2>/dev/null; then
			echo "$try"
			return
		fi
	done
	die "there is no free port"
}

# configure chooses the ports and the password of a new broker.
configure() {
	mkdir -p "$1"
	cat >"$1/settings" <<-SETTINGS
		password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
		amqp=$(port)
		dist=$(port)
		epmd=$(port)
	SETTINGS
	echo '[].' >"$1/plugins"
}

# alive tells whether a process whose pid a file holds is there.
alive() { [ -s "$1" ] && kill -0 "$(cat "$1")" 2>/dev/null; }

# await waits for a minute until a command succeeds.
await() {
	local what=$1
	shift
	for _ in $(seq 600); do
		if "$@" 2>/dev/null; then return; fi
		sleep 0.1
	done
	die "$what"
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
gone() { ! alive "$1"; }

# start starts a broker, and prints its URL.
start() {
	local dir=$1 password amqp dist epmd
	[ -e "$dir/settings" ] || configure "$dir"
	. "$dir/settings"
	gone "$dir/pid" || die "there is a broker in $dir already"
	erl_paths "$dir"
	cat >"$dir/rabbitmq.conf" <<-CONF
		default_user = nova
		default_pass = $password
		listeners.tcp.1 = 127.0.0.1:$amqp
		log.file.level = warning
	CONF
	export HOME=$dir ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT=$epmd
	export RABBITMQ_NODENAME=nova-$amqp@localhost RABBITMQ_MNESIA_BASE=$dir/data RABBITMQ_LOG_BASE=$dir/log RABBITMQ_DIST_PORT=$dist
	export RABBITMQ_CONFIG_FILE=$dir/rabbitmq.conf RABBITMQ_ENABLED_PLUGINS_FILE=$dir/plugins RABBITMQ_PID_FILE=$dir/pid
	export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1} -start_epmd false"
	if gone "$dir/epmd.pid"; then # Erlang's own would stay for ever
		epmd -port "$epmd" -address 127.0.0.1 >/dev/null 2>&1 </dev/null &
		echo $! >"$dir/epmd.pid"
		await "epmd does not start" listens "$epmd"
	fi
	setsid "$(echo "$home"/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server)" >"$dir/output" 2>&1 </dev/null &
	await "RabbitMQ does not start: see $dir/output" listens "$amqp"
	echo "amqp://nova:$password@127.0.0.1:$amqp"
}

# stop ends a broker with a signal, by its own pid, and its epmd.
stop() {
	alive "$2/pid" || die "there is no broker that runs in $2"
	kill -"$1" "$(cat "$2/pid")"
	await "RabbitMQ does not end" gone "$2/pid"
	if alive "$2/epmd.pid"; then
		kill "$(cat "$2/epmd.pid")"
		await "epmd does not end" gone "$2/epmd.pid"
	fi
	rm -f "$2/pid" "$2/epmd.pid"
}

# absolute makes a path of the caller's absolute.
absolute() { case $1 in /*) echo "$1" ;; *) echo "$here/$1" ;; esac; }

home=$(find_home) || { unpack; home=$(find_home) || die "RabbitMQ is not to be found"; }

case "${1-} $#" in
"start 2") start "$(absolute "$2")" ;;
"stop 2") stop TERM "$(absolute "$2")" ;;
"kill 2") stop KILL "$(absolute "$2")" ;;
"run "*)
	[ $# -gt 1 ] || die "run what?"
	shift
	NOVA_TEST_RABBITMQ=$PWD/scripts/rabbitmq.sh
	export NOVA_TEST_RABBITMQ
	cd "$here" && "$@"
	;;
"install 1") ;;
*) die "usage: start DIR | stop DIR | kill DIR | run COMMAND… | install" ;;
esac
