"""What the walks through Horizon and Skyline have in common: steps are taken, and nova-api's log is read."""

import json
import traceback


def take(browser, steps):
    """Take the steps, and give the names of those that failed: a failed one doesn't keep the next from being taken."""
    failed = []
    for step in steps:
        print(f"{step.__name__}: {step.__doc__.splitlines()[0]}", flush=True)
        try:
            step(browser)
        except Exception:
            traceback.print_exc()
            failed.append(step.__name__)
            browser.driver.save_screenshot(str(browser.pictures / f"failed-{step.__name__}.png"))
            (browser.pictures / f"failed-{step.__name__}.html").write_text(browser.driver.page_source)
    return failed


def server_faults(log):
    """Give the requests that nova-api answered with a 5xx, out of its log."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    assert any(line.get("message") == "request" for line in lines), "nova-api was asked for nothing"
    return [line for line in lines if line.get("status", 0) >= 500]
