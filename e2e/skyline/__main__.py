"""Walk through Skyline on bin/nova-api in a headless Chromium, and take pictures.

Arguments are names of steps of walk.py and administrator.py: only these are
taken, in their order there. The pictures are in bin/skyline. The exit status is
1 if a step has failed, if a page complained, if the console was refused
anything, or if anything was answered with a 5xx.
"""

import pathlib
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "dashboard")]

import administrator
import walk
from cloud import ROOT, Process
from console import Console
from journey import server_faults, take
from skyline import skyline

CONFIG = """
[nova_api]
fake_hosts = fake-1,fake-2
"""
WALKS = {"demo": walk.STEPS, "admin": administrator.STEPS}
PICTURES = ROOT / "bin" / "skyline"


def main(names):
    """Start nova-api, Skyline and Chromium, walk, and stop them."""
    unknown = set(names) - {step.__name__ for steps in WALKS.values() for step in steps}
    assert not unknown, f"no such steps: {unknown}"
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="nova-skyline-") as directory:
        cloud = Process(ROOT / "bin" / "nova-api", directory, CONFIG)
        own = pathlib.Path(directory) / "skyline"
        own.mkdir()
        try:
            with skyline(cloud, own) as url:
                failed, pictures = tour(url, cloud.password, names)
        finally:
            status = cloud.stop()
            for log in (cloud.log, *own.glob("*.log")):
                shutil.copy(log, PICTURES / log.name)
    assert status == 0, f"nova-api ended with {status}: see {PICTURES}/nova-api.log"
    faults = server_faults(PICTURES / "nova-api.log")
    print(f"{pictures} pictures in {PICTURES}; failed: {', '.join(failed) or 'nothing'}; answered with 5xx: {len(faults)}")
    for fault in faults:
        print(f"  {fault}")
    return bool(failed or faults)


def tour(url, password, names):
    """Take each user's steps; give the names of those that failed, and the number of pictures."""
    failed, pictures = [], 0
    for user, steps in WALKS.items():
        chosen = [step for step in steps if not names or step.__name__ in names]
        console = Console(url, PICTURES, pictures)
        try:
            if chosen:
                console.log_in(user, password)
            failed += take(console, chosen)
        finally:
            console.quit()
        pictures = console.taken
    return failed, pictures


sys.exit(main(sys.argv[1:]))
