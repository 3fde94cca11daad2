"""Compare nova-api with a real Nova, call by call: `make compare`.

The reference is a Nova, the subject a nova-api; both are reached through the
catalog of an identity service, which may be the same one. The users and
projects that call are made for the comparison, and removed.
"""

import argparse
import contextlib
import pathlib
import re
import secrets
import signal
import sys
import time

import plays
import servers
import moves  # noqa: F401  (these add their plays)
import networks  # noqa: F401
import others  # noqa: F401
import operators  # noqa: F401
import storage  # noqa: F401
import rows  # noqa: F401
from accepted import ACCEPTED
from clouds import Cloud
from compare import Pair
from report import report


def arguments():
    parser = argparse.ArgumentParser(prog="compare", description=__doc__.split("\n\n")[0])
    for side in ("reference", "subject"):
        parser.add_argument(f"--{side}", required=True, metavar="URL", help="identity service, with /v3")
        parser.add_argument(f"--{side}-region", metavar="NAME")
        parser.add_argument(f"--{side}-login", metavar="USER:PASSWORD", default="admin:oracle")
        parser.add_argument(f"--{side}-compute", metavar="URL", help="where Nova is, if not where the catalog says")
    parser.add_argument("--play", action="append", help="only this play (regular expression)")
    parser.add_argument("--log", type=pathlib.Path, help="write all calls here")
    parser.add_argument("--out", type=pathlib.Path, help="write the report here")
    return parser.parse_args()


def cloud(args, side):
    """Log in to one of the two clouds."""
    user, _, password = getattr(args, side + "_login").partition(":")
    made = Cloud(side, getattr(args, side), user, password, getattr(args, side + "_region"))
    if url := getattr(args, side + "_compute"):
        made.compute = url.rstrip("/")
    return made


def stop(*_):
    """Break off, but report what was found."""
    raise TimeoutError("told to stop")


def main():
    args = arguments()
    chosen = [p for p in plays.PLAYS if not args.play or any(re.fullmatch(x, p.__name__) for x in args.play)]
    with contextlib.ExitStack() as stack:
        log = stack.enter_context(args.log.open("w")) if args.log else None
        pair = Pair(cloud(args, "reference"), cloud(args, "subject"), log)
        suffix = secrets.token_hex(3)
        shared = pair.reference.identity == pair.subject.identity
        for one in pair.both:
            if shared and one is pair.subject:
                one.names, one.tokens = dict(pair.reference.names), pair.reference.tokens
            else:
                one.prepare(suffix)
        stage = servers.Stage(pair, suffix, shared)
        stack.callback(stage.strike)
        stage.set()
        signal.signal(signal.SIGTERM, stop)
        for play in chosen:
            pair.chapter, began, before = play.__name__, time.monotonic(), pair.calls
            try:
                play(pair)
            except Exception as err:  # noqa: BLE001  (the other plays go on)
                print(f"{play.__name__} broke off: {err!r}", file=sys.stderr)
            print(f"{play.__name__}: {pair.calls - before} calls, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        out = stack.enter_context(args.out.open("w")) if args.out else sys.stdout
        return 1 if report(pair, ACCEPTED, out) else 0


sys.exit(main())
