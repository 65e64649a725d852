"""A pytest plugin for `controls.py`: writes down how each test ended and by which error, and that the package under
test is the edited copy."""

import json
import os
from collections.abc import Generator
from pathlib import Path

import pytest

import coderoute


def pytest_configure() -> None:
    copy, found = Path(os.environ["CONTROLS_COPY"]), Path(coderoute.__file__)
    if not found.is_relative_to(copy):
        raise pytest.UsageError(f"the tests would import {found}, which is not below {copy}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    error = call.excinfo.typename if call.excinfo is not None else None
    row = {"test": item.nodeid, "when": report.when, "outcome": report.outcome, "error": error}
    with Path(os.environ["CONTROLS_SEEN"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
    return report
