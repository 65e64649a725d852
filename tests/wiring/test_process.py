"""The process that holds keys: no core file, and no look into its memory."""

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

    called: list[bool] = []
    monkeypatch.setattr(world, "make_unreadable", lambda: called.append(True))
    world.make_provider(ModelRef(provider="anthropic", model="m"), None, Keys({"ANTHROPIC_API_KEY": "sk-ant-1234"}))
    assert called == [True]
