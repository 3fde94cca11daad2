"""Run tempest's compute tests against bin/nova-api, and write down the results.

Arguments are regular expressions: only tests that match one are run, and the
results are printed. Without any, all are run, and docs/conformance.md gets the
results. The exit status is 1 if a test has failed.
"""

import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import report
import tempest_suite
from cloud import ROOT, Process

CONFIG = """
[nova_api]
fake_hosts = fake-1,fake-2,fake-3

[fake]
pace = lifelike
"""


def main(patterns):
    """Start a cloud, run the suite, stop the cloud, tell the results."""
    with tempfile.TemporaryDirectory(prefix="nova-conformance-") as directory:
        cloud = Process(ROOT / "bin" / "nova-api", directory, CONFIG)
        try:
            results = tempest_suite.run(cloud, pathlib.Path(directory), patterns)
        finally:
            (ROOT / "bin" / "conformance.log").write_bytes(cloud.log.read_bytes())
            status = cloud.stop()
    assert status == 0, f"nova-api ended with {status}: see bin/conformance.log"
    assert results, "no test was run"
    report.failures(results)
    table = report.table(results)
    print(table)
    if not patterns:
        version = subprocess.run([ROOT / "bin" / "nova-api", "version"], capture_output=True, text=True, check=True)
        report.write(ROOT / "docs" / "conformance.md", "tempest", tempest_suite.about(version.stdout.split()[1]), table)
    return any(result.outcome == "failed" for result in results)


sys.exit(main(sys.argv[1:]))
