"""Which test commands can be told to run some tests only, and what they become."""

import shlex

import pytest

from coderoute.stages.verify.selection import MAX_COMMAND_BYTES, is_chosen, is_plain_pytest, narrowed

ID = "tests/test_x.py::test_a[b c]"


@pytest.mark.parametrize(
    ("command", "changed"),
    [
        ("pytest", f"pytest '{ID}'"),
        ("python -m pytest -q", f"python -m pytest -q '{ID}'"),
        ("python3.11 -m pytest -q tests", f"python3.11 -m pytest -q '{ID}'"),
        ("pytest tests other/test_y.py::test_b", f"pytest '{ID}'"),
        (".venv/bin/python -m pytest", f".venv/bin/python -m pytest '{ID}'"),
        ("PYTHONPATH='a b' pytest -x", f"PYTHONPATH='a b' pytest -x '{ID}'"),
        ("uv run pytest -n 4 tests", f"uv run pytest -n 4 '{ID}'"),
        ("coverage run -m pytest --cov=src tests", f"coverage run -m pytest --cov=src '{ID}'"),
        ("pytest -k 'a or b' -m slow tests", f"pytest -k 'a or b' -m slow '{ID}'"),
        ("pytest --rootdir=. -p no:cacheprovider", f"pytest --rootdir=. -p no:cacheprovider '{ID}'"),
    ],
)
def test_the_tests_a_plain_call_names_are_replaced(command: str, changed: str) -> None:
    assert narrowed(command, [ID]) == changed


def test_a_word_that_may_be_an_options_value_stays() -> None:
    assert narrowed("pytest --unknown-option tests", [ID]) == f"pytest --unknown-option tests '{ID}'"


@pytest.mark.parametrize(
    "command",
    [
        "make test",
        "tox -e py311",
        "cd backend && pytest",
        "pytest; echo done",
        "pytest | tee log",
        "pytest $ARGS",
        "pytest tests/*.py",
        "pytest # all",
        "pytest 'tests",
        "python -m unittest",
        "./run-pytest.sh",
        "python run.py pytest",
        "",
    ],
)
def test_any_other_command_is_left_alone(command: str) -> None:
    assert not is_plain_pytest(command)
    assert narrowed(command, [ID]) is None


@pytest.mark.parametrize("hostile", ["t.py::t['; rm -rf /; ']", 't.py::t["$(id)"]', "t.py::t[`id`]", "t.py::t[\n]"])
def test_an_id_stays_one_word_of_the_shell(hostile: str) -> None:
    changed = narrowed("pytest", [hostile])
    assert changed is not None
    assert shlex.split(changed) == ["pytest", hostile]


def test_a_command_too_long_for_the_kernel_is_not_made() -> None:
    assert narrowed("pytest", [f"t.py::test_{'x' * 90}{number}" for number in range(MAX_COMMAND_BYTES // 100)]) is None


@pytest.mark.parametrize(
    ("node_id", "wanted", "chosen"),
    [
        ("t.py::a", "t.py::a", True),
        ("t.py::a[1]", "t.py::a", True),
        ("t.py::a[1]", "t.py::a[1]", True),
        ("t.py::a[2]", "t.py::a[1]", False),
        ("t.py::ab", "t.py::a", False),
        ("t.py::C::a", "t.py::C", True),
        ("t.py::C::a", "t.py", True),
        ("tests/t.py::a", "tests", True),
        ("t.py", "t.py::a", True),
        ("t.py::C", "t.py::C::a", True),
        ("u.py", "t.py::a", False),
    ],
)
def test_an_id_is_chosen_by_itself_or_by_what_holds_it(node_id: str, wanted: str, chosen: bool) -> None:
    assert is_chosen(node_id, [wanted]) is chosen


def test_nothing_asked_for_means_everything() -> None:
    assert is_chosen("t.py::a", [])
