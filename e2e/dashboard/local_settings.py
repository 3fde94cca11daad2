"""Horizon's settings for the walk: scripts/dashboard.sh puts this file into Horizon.

What differs from run to run comes from the environment.
"""

import os

DEBUG = False
COMPRESS_OFFLINE = True
ALLOWED_HOSTS = ["127.0.0.1"]
SECRET_KEY = os.environ.get("DASHBOARD_SECRET", "only for collecting static files")
STATIC_ROOT = os.environ["DASHBOARD_STATIC"]
OPENSTACK_KEYSTONE_URL = os.environ.get("DASHBOARD_KEYSTONE", "http://127.0.0.1/identity/v3")
TIME_ZONE = "UTC"

# One process serves the walk, so its memory is enough for sessions.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# What a user does is decided by the cloud: all that Horizon can show is shown.
LAUNCH_INSTANCE_DEFAULTS = {"create_volume": False}
OPENSTACK_HYPERVISOR_FEATURES = {"can_set_mount_point": False, "can_set_password": True, "requires_keypair": False, "enable_quotas": True}
OPENSTACK_NEUTRON_NETWORK = {"enable_router": True, "enable_quotas": True}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"django.template": {"level": "WARNING"}, "keystoneauth": {"level": "WARNING"}},
}
