#!/usr/bin/env bash
# A private Cinder for tests, beside a nova-api with the bundled identity and image
# services: no system service, no root, nothing left behind but its folder.
#
#   scripts/cinder.sh start DIR STATE PORT  starts one in DIR, as the block storage of
#                                      the nova-api that runs and has its files in STATE
#   scripts/cinder.sh kill DIR PART…   ends parts of it as a crash would: api, scheduler
#                                      and volume
#   scripts/cinder.sh again DIR        starts those that don't run
#   scripts/cinder.sh stop DIR         stops it, and forgets all but its files
#   scripts/cinder.sh install          only sees to it that Cinder is there
#
# The API listens on PORT of 127.0.0.1: [cinder] endpoint_template of nova-api names it.
# Cinder gets a user of its own there. Its messages go through a RabbitMQ of its own
# (scripts/rabbitmq.sh), its records are in a PostgreSQL of its own (scripts/postgres.sh:
# with SQLite, requests side by side get "database is locked"), its volumes are files in
# DIR (e2e/cinder), in two backends of a type each: files and others.
#
# Cinder comes from PyPI, into .venv-cinder: the newest that there is, where Debian's
# packages are years older, and want the system's Python and a system's users.
here=$PWD
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
venv=$PWD/.venv-cinder
parts=(api scheduler volume)

# install makes .venv-cinder, and does nothing where it is up to date.
install() {
	local want
	want=$(cat scripts/cinder.txt)
	command -v qemu-img >/dev/null || apt_install qemu-utils
	if [ "$(cat "$venv/installed" 2>/dev/null)" = "$want" ] && "$venv/bin/python" -c '' 2>/dev/null; then return; fi
	say "installing Cinder into $venv"
	python3 -m venv --clear "$venv"
	"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r scripts/cinder.txt
	printf '%s\n' "$want" >"$venv/installed"
}

# openstack runs openstackclient as the administrator.
openstack() { .venv/bin/openstack "$@"; }

# make_types makes a type of volumes for each backend, one for several servers at once,
# and one that no backend serves.
make_types() {
	local name
	for name in files others; do
		openstack volume type create --property volume_backend_name=$name $name >/dev/null
	done
	openstack volume type create --property 'multiattach=<is> True' shared >/dev/null
	openstack volume type create --property volume_backend_name=none nowhere >/dev/null
}

# login is a section's login as the user cinder.
login() {
	cat <<-CONF
		[$1]
		auth_type = password
		auth_url = $OS_AUTH_URL
		username = cinder
		password = $password
		project_name = service
		user_domain_name = Default
		project_domain_name = Default
		region_name = ${OS_REGION_NAME:-RegionOne}
	CONF
}

# configure writes the files of a new Cinder.
configure() {
	local dir=$1 name
	mkdir -p "$dir"/{locks,conversion,bin}
	# Only what is its own is touched: that takes no root, whatever Cinder thinks.
	printf '#!/bin/sh\nshift 2 # cinder-rootwrap and its file\nexec "$@"\n' >"$dir/bin/sudo"
	chmod +x "$dir/bin/sudo"
	{
		cat <<-CONF
			[DEFAULT]
			transport_url = $broker
			host = cinder
			my_ip = 127.0.0.1
			state_path = $dir
			image_conversion_dir = $dir/conversion
			api_paste_config = $venv/etc/cinder/api-paste.ini
			rootwrap_config = $venv/etc/cinder/rootwrap.conf
			resource_query_filters_file = $venv/etc/cinder/resource_filters.json
			osapi_volume_listen = 127.0.0.1
			osapi_volume_listen_port = $port
			osapi_volume_workers = 1
			enabled_backends = files,others
			default_volume_type = __DEFAULT__
			allow_migration_on_attach = true
			report_interval = 2
			rpc_response_timeout = 10
			service_down_time = 10
			periodic_fuzzy_delay = 0
			[database]
			connection = $database
			[oslo_concurrency]
			lock_path = $dir/locks
			[service_user]
			send_service_user_token = true
			$(login service_user | tail -n +2)
			$(login nova)
			$(login keystone_authtoken)
			service_token_roles_required = true
		CONF
		for name in files others; do
			cat <<-CONF
				[$name]
				volume_driver = cinder_files.FilesDriver
				volume_backend_name = $name
				files_folder = $dir/volumes/$name
			CONF
		done
	} >"$dir/cinder.conf"
}

alive() { [ -s "$1" ] && kill -0 "$(cat "$1")" 2>/dev/null; }
gone() { ! alive "$1"; }

# await waits for a minute until a command succeeds.
await() {
	local what=$1
	shift
	for _ in $(seq 600); do
		if "$@" >/dev/null 2>&1; then return; fi
		sleep 0.1
	done
	die "$what"
}

# launch starts a part that doesn't run, in a session of its own.
launch() {
	local dir=$1 part=$2
	gone "$dir/$part.pid" || return 0
	PATH=$dir/bin:$venv/bin:$PATH PYTHONPATH=$PWD/e2e/cinder setsid "$venv/bin/cinder-$part" --config-file "$dir/cinder.conf" \
		>>"$dir/$part.log" 2>&1 </dev/null &
	echo $! >"$dir/$part.pid"
}

answers() { curl -s -o /dev/null --noproxy '*' "http://127.0.0.1:$port/"; }

# start makes a Cinder, and starts it.
start() {
	local dir=$1 state=$2 password broker database
	port=$3
	[ ! -e "$dir/cinder.conf" ] || die "there is a Cinder in $dir already"
	mkdir -p "$dir"
	# shellcheck source=/dev/null
	. "$state/openrc-admin"
	password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
	openstack user create --or-show cinder >/dev/null # an earlier one may have made it
	openstack user set --password "$password" cinder
	openstack role add --user cinder --project service service
	openstack role add --user cinder --project service admin
	broker=$(scripts/rabbitmq.sh start "$dir/broker" | sed 's/^amqp:/rabbit:/')/
	local cluster # its owner may not be able to enter DIR
	cluster=$(mktemp -d "${TMPDIR:-/tmp}/nova-cinder.XXXXXX")
	printf 'port=%s cluster=%s\n' "$port" "$cluster" >"$dir/settings"
	database=$(scripts/postgres.sh start "$cluster" | sed 's/^postgres:/postgresql+psycopg2:/')
	configure "$dir"
	"$venv/bin/cinder-manage" --config-file "$dir/cinder.conf" db sync >>"$dir/sync.log" 2>&1 || die "no database: see $dir/sync.log"
	again "$dir"
	make_types
}

# again starts the parts that don't run, and waits until the API answers.
again() {
	local part
	. "$1/settings"
	for part in "${parts[@]}"; do launch "$1" "$part"; done
	await "Cinder does not answer: see $1/api.log" answers
}

# finish ends parts with a signal, each with all of its processes.
finish() {
	local signal=$1 dir=$2 part
	shift 2
	for part; do
		alive "$dir/$part.pid" || continue
		kill -"$signal" -- "-$(cat "$dir/$part.pid")"
		await "cinder-$part does not end" gone "$dir/$part.pid"
		rm "$dir/$part.pid"
	done
}

# stop ends everything, and forgets the records.
stop() {
	. "$1/settings"
	finish TERM "$1" "${parts[@]}"
	scripts/rabbitmq.sh stop "$1/broker"
	scripts/postgres.sh stop "$cluster"
}

# absolute makes a path of the caller's absolute.
absolute() { case $1 in /*) echo "$1" ;; *) echo "$here/$1" ;; esac; }

install
case "${1-} $#" in
"start 4") start "$(absolute "$2")" "$(absolute "$3")" "$4" ;;
"again 2") again "$(absolute "$2")" ;;
"kill "*) [ $# -gt 2 ] || die "kill what?"; finish KILL "$(absolute "$2")" "${@:3}" ;;
"stop 2") stop "$(absolute "$2")" ;;
"install 1") ;;
*) die "usage: start DIR STATE PORT | kill DIR PART… | again DIR | stop DIR | install" ;;
esac
