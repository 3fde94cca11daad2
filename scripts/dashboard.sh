#!/usr/bin/env bash
# Walks through Horizon on bin/nova-api in a headless Chromium. With arguments,
# names of steps of e2e/dashboard/walk.py, it takes only these.
#
# Horizon is installed into .venv-dashboard, Chromium as Debian's package.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[ -x bin/nova-api ] || die "there is no bin/nova-api: make build"
command -v chromium >/dev/null && command -v chromedriver >/dev/null || apt_install chromium chromium-driver
venv=.venv-dashboard
want=$(cat scripts/dashboard.txt e2e/dashboard/local_settings.py | sha256sum)
if [ "$(cat $venv/installed 2>/dev/null)" != "$want" ] || ! $venv/bin/python -c '' 2>/dev/null; then
	say "installing Horizon into $venv"
	python3 -m venv --clear $venv
	$venv/bin/python -m pip install --quiet --disable-pip-version-check -r scripts/dashboard.txt
	horizon=$($venv/bin/python -c 'import openstack_dashboard as o; print(o.__path__[0])')
	cp e2e/dashboard/local_settings.py "$horizon/local/"
	export DJANGO_SETTINGS_MODULE=openstack_dashboard.settings DASHBOARD_STATIC=$PWD/$venv/static PYTHONWARNINGS=ignore
	$venv/bin/django-admin collectstatic --noinput -v0
	$venv/bin/django-admin compress --force -v0
	printf '%s\n' "$want" >$venv/installed
fi
exec $venv/bin/python e2e/dashboard "$@"
