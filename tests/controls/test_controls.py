"""The table of promises still fits the program: cheap checks of what `make controls` then shows by running tests."""

import importlib.util
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def controls() -> Iterator[ModuleType]:
    """The program beside this file."""
    spec = importlib.util.spec_from_file_location("controls_of_the_promises", HERE / "controls.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
        yield module
    finally:
        del sys.modules[spec.name]


def test_every_control_can_still_be_switched_off(controls: ModuleType) -> None:
    """Where this fails the code of a control has changed: adapt the entry, then `make controls ARGS="--write ..."`."""
    found = [
        f"{control.promise}, {control.words}: {problem}"
        for promise in controls.promises()
        for control in promise.controls
        for off in control.offs
        for problem in controls.problems(off)
    ]
    assert found == []


def test_every_promise_has_its_controls(controls: ModuleType) -> None:
    found = controls.promises()
    assert [promise.name for promise in found] == [f"P{number}" for number in range(1, 13)]
    assert all(promise.controls for promise in found)


def test_no_control_stands_in_the_table_twice(controls: ModuleType) -> None:
    words = Counter((control.promise, control.words) for promise in controls.promises() for control in promise.controls)
    assert [entry for entry, count in words.items() if count > 1] == []


def test_the_document_has_the_table_as_it_was_last_seen(controls: ModuleType) -> None:
    """Where this fails an entry was added or changed and not seen red since: `make controls ARGS="--write ..."`."""
    text = (controls.ROOT / controls.DOCUMENT).read_text(encoding="utf-8")
    rows = controls.recorded(text)
    entries = {control.digest for promise in controls.promises() for control in promise.controls}
    assert controls.document(text, controls.promises(), rows) == text
    assert {digest for digest, seen in rows.items() if seen == controls.NOT_SEEN} == set()
    assert rows.keys() == entries
