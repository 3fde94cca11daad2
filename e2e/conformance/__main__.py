"""Run other projects' tests against bin/nova-api, and write down the results.

    e2e/conformance [SUITE [REGEX…]]

Without arguments all suites are run, and docs/conformance.md gets the results.
With a suite, one of SUITES, its section is written. With
regular expressions too, only its tests that match one are run, and the results
are only printed. The exit status is 1 if a test has failed.
"""

import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import go_suite
import novaclient_suite
import report
import tempest_suite
from cloud import ROOT, Process

CONFIG = """
[nova_api]
fake_hosts = fake-1,fake-2,fake-3

[fake]
pace = lifelike
"""
CLOUD = "with the bundled services, three fake hosts and `[fake] pace = lifelike`."


SUITES = {"tempest": tempest_suite, "novaclient": novaclient_suite} | go_suite.SUITES


def main(name="", *patterns):
    """Run a suite, or all of them; tell whether a test has failed."""
    assert not name or name in SUITES, f"there are {', '.join(SUITES)}"
    return any([conform(one, patterns) for one in SUITES if name in ("", one)])


def conform(name, patterns):
    """Start a cloud, run a suite, stop the cloud, tell the results."""
    with tempfile.TemporaryDirectory(prefix="nova-conformance-") as directory:
        cloud = Process(ROOT / "bin" / "nova-api", directory, CONFIG + getattr(SUITES[name], "PACE", ""))
        try:
            results = SUITES[name].run(cloud, pathlib.Path(directory), patterns)
        finally:
            (ROOT / "bin" / f"conformance-{name}.log").write_bytes(cloud.log.read_bytes())
            status = cloud.stop()
    assert status == 0, f"nova-api ended with {status}: see bin/conformance-{name}.log"
    assert results, "no test was run"
    report.failures(results)
    table = report.table(results)
    print(table)
    if not patterns:
        version = subprocess.run([ROOT / "bin" / "nova-api", "version"], capture_output=True, text=True, check=True).stdout.split()[1]
        about = f"{SUITES[name].about()}, against nova-api {version} on SQLite, {CLOUD}"
        report.write(ROOT / "docs" / "conformance.md", name, about, table)
    return any(result.outcome == "failed" for result in results)


sys.exit(main(*sys.argv[1:]))
