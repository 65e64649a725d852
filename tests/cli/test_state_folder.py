"""Where the state folder must not be."""

from pathlib import Path
from typing import Any

import pytest


def test_a_state_folder_within_the_repository_is_refused(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = Path(desk.repo) / "state"
    monkeypatch.setenv("CODEROUTE_STATE_DIR", str(inside))

    ended = desk.run()

    assert ended.code == 78
    assert f"the state directory {inside} lies inside the repository" in ended.err
    assert list((inside / "runs").iterdir()) == []
