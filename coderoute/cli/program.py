"""How a user calls us again: by name where the shell would find it, else by path."""

import os
import shutil
import sys
from pathlib import Path


def program() -> str:
    """`coderoute`, or the path this process was started by where that is not on the PATH (as under `make demo`)."""
    started = Path(sys.argv[0])
    if started.name != "coderoute" or shutil.which("coderoute") is not None:
        return "coderoute"
    return os.path.relpath(started)
