"""What `gate` and `show` print where nobody sits at a terminal: a log is read on one in the end."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Desk


@pytest.mark.parametrize("command", ["gate", "show"])
def test_a_hostile_patch_is_spelled_out(command: str, hostile: str, desk: "Desk") -> None:
    shown = desk(command, hostile).out

    patch = shown[shown.index("\ndiff --git ") :]
    assert "<U+001B>" in patch
    assert "<U+202E>" in patch
    assert not set(patch) & {"\x1b", "\u202e", "\r"}
