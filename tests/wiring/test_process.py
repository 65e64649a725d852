"""The process that holds keys: no core file, and no look into its memory."""

import os
import resource
import subprocess
import sys

import pytest

LOOK = """
import ctypes, resource
from coderoute.wiring.process import make_unreadable
_, hard = resource.getrlimit(resource.RLIMIT_CORE)
resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
if {protect}:
    make_unreadable()
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE)[0])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
@pytest.mark.parametrize(("protect", "dumpable"), [(True, "0"), (False, "1")])
def test_a_process_with_keys_cannot_be_dumped(protect: bool, dumpable: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOK.format(protect=protect)], capture_output=True, text=True, check=True
    )
    is_dumpable, core = done.stdout.split()
    assert is_dumpable == dumpable
    assert not protect or core == "0"
    assert protect or core != "0" or resource.getrlimit(resource.RLIMIT_CORE)[1] == 0


def test_a_provider_that_is_given_a_key_protects_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    from coderoute.domain.conversation import ModelRef
    from coderoute.keys import Keys
    from coderoute.wiring import world

    called: list[object] = []
    monkeypatch.setattr(world, "make_unreadable", lambda: called.append(True))
    monkeypatch.setattr(world, "clear_start_environment", called.append)
    environ = {"ANTHROPIC_API_KEY": "sk-ant-1234"}
    world.make_provider(ModelRef(provider="anthropic", model="m"), None, Keys(environ, remove=True))
    assert called == [True, {"ANTHROPIC_API_KEY": "sk-ant-1234"}]


START = """
import os
from pathlib import Path
from coderoute.keys import holding
from coderoute.wiring.process import clear_start_environment
def shown():
    return Path("/proc/self/environ").read_bytes().decode().split("\\0")
with holding(os.environ) as keys:
    if {clear}:
        clear_start_environment(keys.taken)
    print(sorted(row for row in shown() if "canary" in row or row.startswith(("ANTHROPIC", "OTHER"))))
print(os.environ["ANTHROPIC_API_KEY"], os.environ["OTHER_COPY"])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
@pytest.mark.parametrize("clear", [True, False])
def test_a_key_is_not_in_the_environment_that_the_kernel_shows(clear: bool) -> None:
    key = "sk-ant-canary-4711"
    done = subprocess.run(
        [sys.executable, "-c", START.format(clear=clear)], capture_output=True, text=True, check=True,
        env={**os.environ, "ANTHROPIC_API_KEY": key, "OTHER_COPY": key},
    )  # fmt: skip
    seen, after = done.stdout.splitlines()
    hidden = "*" * len(key) if clear else key
    assert seen == str([f"ANTHROPIC_API_KEY={hidden}", f"OTHER_COPY={key}"]), "what was not taken stays as it is"
    assert after == f"{key} {key}", "the command gives back what it took"


IMPORT = "from coderoute.adapters.sandbox_docker.lease import mark_of\n"
MARK = f"""{IMPORT}
import os, sys
from coderoute.wiring.process import make_unreadable
make_unreadable()
print(mark_of(os.getpid()), flush=True)
sys.stdin.read()
"""


def test_a_process_with_keys_is_known_to_others_by_the_mark_it_gives_itself() -> None:
    with subprocess.Popen([sys.executable, "-c", MARK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as p:
        assert p.stdout is not None
        said = p.stdout.readline()
        seen_by_others = subprocess.run(
            [sys.executable, "-c", f"{IMPORT}print(mark_of({p.pid}))"], capture_output=True, text=True, check=True
        )  # fmt: skip
        p.communicate("")
    assert seen_by_others.stdout == said
