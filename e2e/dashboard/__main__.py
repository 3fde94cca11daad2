"""Walk through Horizon on bin/nova-api in a headless Chromium, and take pictures.

Arguments are names of steps of walk.py: only these are taken, in their order
there. The pictures are in bin/dashboard. The exit status is 1 if a step has
failed, if a page complained, or if anything was answered with a 5xx.
"""

import contextlib
import os
import pathlib
import secrets
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import administrator
import volumes
import walk
from browser import Browser
from cloud import ROOT, Process, answers, eventually, free_port
from journey import server_faults, take

CONFIG = """
[nova_api]
fake_hosts = fake-1,fake-2
"""
# What each user does. The volumes come before the user's servers go.
WALKS = {"demo": walk.STEPS[:-1] + volumes.STEPS + walk.STEPS[-1:], "admin": administrator.STEPS}
COMMANDS = pathlib.Path(sys.executable).parent
PICTURES = ROOT / "bin" / "dashboard"


@contextlib.contextmanager
def horizon(cloud):
    """Run Horizon for a cloud, and give its URL."""
    port = free_port()
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "openstack_dashboard.settings", "DASHBOARD_KEYSTONE": cloud.auth_url,
        "DASHBOARD_STATIC": str(COMMANDS.parent / "static"), "DASHBOARD_SECRET": secrets.token_hex(16), "PYTHONWARNINGS": "ignore",
    }
    with (PICTURES / "horizon.log").open("wb") as log:
        process = subprocess.Popen(
            [COMMANDS / "django-admin", "runserver", "--noreload", "--insecure", f"127.0.0.1:{port}"], env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            eventually(lambda: answers(f"http://127.0.0.1:{port}/auth/login/"), "Horizon is ready")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


def main(names):
    """Start nova-api, Horizon and Chromium, walk, and stop them."""
    unknown = set(names) - {step.__name__ for steps in WALKS.values() for step in steps}
    assert not unknown, f"no such steps: {unknown}"
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="nova-dashboard-") as directory:
        cloud = Process(ROOT / "bin" / "nova-api", directory, CONFIG)
        try:
            with horizon(cloud) as url:
                failed, pictures = [], 0
                for user, steps in WALKS.items():
                    chosen = [step for step in steps if not names or step.__name__ in names]
                    browser = Browser(url, PICTURES, pictures)
                    try:
                        if chosen:
                            walk.log_in(browser, user, cloud.password)
                        failed += take(browser, chosen)
                    finally:
                        browser.quit()
                    pictures = browser.taken
        finally:
            status = cloud.stop()
            shutil.copy(cloud.log, PICTURES / "nova-api.log")
    assert status == 0, f"nova-api ended with {status}: see {PICTURES}/nova-api.log"
    faults = server_faults(PICTURES / "nova-api.log")
    print(f"{pictures} pictures in {PICTURES}; failed: {', '.join(failed) or 'nothing'}; answered with 5xx: {len(faults)}")
    for fault in faults:
        print(f"  {fault}")
    return bool(failed or faults)


sys.exit(main(sys.argv[1:]))
