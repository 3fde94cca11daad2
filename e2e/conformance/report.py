"""Results of tests: as a table, and in docs/conformance.md."""

import ast
import collections
import dataclasses
import re

import subunit
import testtools
from explained import EXPLAINED


@dataclasses.dataclass
class Result:
    """What became of a test: passed, failed or skipped, and why."""

    name: str
    outcome: str
    why: str
    details: dict

    @property
    def suite(self):
        """Give the module that the test is in, without the suite's own name."""
        module = re.search(r"(?:tempest\.api\.compute|tempest\.api(?=\.volume)|novaclient\.tests\.functional)((?:\.[a-z_0-9]+)+)", self.name)
        return module.group(1).removeprefix(".") if module else self.name

    @property
    def reason(self):
        """Give the last line of why, fit for a cell of a table, without what differs at each run."""
        last = (self.why.splitlines() or [""])[-1]
        if found := re.search(r"((?:ERROR \(|novaclient\.exceptions\.)\w+\)?: .*?)(?:<br|\\n| \(HTTP|$)", self.why, re.MULTILINE):
            return self.short(found.group(1))
        if found := re.fullmatch(r"Details: (\{.*\})", last):
            fault = ast.literal_eval(found.group(1))
            last = f"{str(fault.get('code'))[:3]} {fault.get('message', '').partition('<')[0]}"
        return self.short(last.partition(": [{")[0])  # what follows is a list of all there was

    @staticmethod
    def short(text):
        """Make a text fit for a cell of a table, without what differs at each run."""
        text = re.sub(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "…", text)
        text = re.sub(r"req-…|127\.0\.0\.1:\d+", "…", text)
        return text[:200].replace("|", "\\|").replace("<", "&lt;")


def read(path):
    """Read the results out of a subunit stream, which Python's runners of tests write."""
    found = []

    def take(test):
        if test["status"] == "exists":  # and will be run
            return
        # setUpClass and so on are in parentheses: "setUpClass (tempest.api….Class)".
        name = test["id"].partition("[")[0]
        outcome = {"success": "passed", "skip": "skipped", "xfail": "passed"}.get(test["status"], "failed")
        details = {key: content.as_text() for key, content in test["details"].items()}
        why = details.get("reason", "") if outcome == "skipped" else details.get("traceback", "")
        found.append(Result(name, outcome, why.strip(), details))

    result = testtools.StreamToDict(take)
    result.startTestRun()
    with path.open("rb") as source:
        subunit.ByteStreamToStreamResult(source, non_subunit_name="stdout").run(result)
    result.stopTestRun()
    return [one for one in found if re.search(r"\b(tempest|novaclient)\.", one.name)]


def failures(results):
    """Print what has failed, with the ends of the tracebacks."""
    for one in results:
        if one.outcome == "failed":
            print(f"\n== {one.name}\n{one.why[-3000:]}")


def table(results):
    """Give a line for each module, and one for all."""
    suites = collections.defaultdict(list)
    for one in sorted(results, key=lambda r: r.name):
        suites[one.suite].append(one)
    lines = ["| suite | passed | failed | skipped | why |", "|---|---|---|---|---|"]
    lines += [line(f"`{suite}`", ones, why(ones)) for suite, ones in sorted(suites.items())]
    lines.append(line("all", results, ""))
    return "\n".join(lines + explanations(results))


def explanations(results):
    """Give a paragraph on each reason that is known, of tests that haven't passed."""
    told = [f"{one.name} {one.why}" for one in results if one.outcome != "passed"]
    return [f"\n{text}" for about, text in EXPLAINED.items() if any(re.search(about, one) for one in told)]


def line(suite, ones, reasons):
    count = collections.Counter(one.outcome for one in ones)
    return f"| {suite} | {count['passed']} | {count['failed']} | {count['skipped']} | {reasons} |"


def why(ones):
    """Give the reasons of what didn't pass, each once, with how often."""
    count = collections.Counter((one.outcome, one.reason) for one in ones if one.outcome != "passed")
    return "; ".join(f"{outcome}: {reason}" + f" ({number} times)" * (number > 1) for (outcome, reason), number in count.items())


def write(path, section, about, text):
    """Replace a section of a document, or add it. The tests of api write what stands before the first section."""
    begin, end = f"<!-- {section}: make conformance -->", f"<!-- end of {section} -->"
    document = path.read_text()
    block = f"{begin}\n\n## {section.capitalize()}\n\n{about}\n\n{text}\n\n{end}"
    before, found, rest = document.partition(begin)
    if found:
        document = before + block + rest.partition(end)[2]
    else:
        document = document.rstrip() + "\n\n" + block + "\n"
    path.write_text(document)
