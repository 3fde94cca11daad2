"""Start python-novaclient 2.18, of 2014 and as it is, on the Python of today.

It asks for two things that are no more: the pbr of its days, for its own
version, and inspect.getargspec.
"""

import inspect
import sys
import types

VERSION = types.ModuleType("pbr.version")
VERSION.VersionInfo = lambda _: types.SimpleNamespace(version_string=lambda: "2.18.0")
PBR = types.ModuleType("pbr")
PBR.version = VERSION
sys.modules |= {"pbr": PBR, "pbr.version": VERSION}
inspect.getargspec = inspect.getfullargspec

if __name__ == "__main__":
    from novaclient import shell
    sys.exit(shell.main())
