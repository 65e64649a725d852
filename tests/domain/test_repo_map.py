import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import coderoute
from coderoute.domain.repo_map import Definition, MappedFile, repo_map

STORE = MappedFile(
    path="shop/store.py",
    score=3.0,
    definitions=(
        Definition(line=4, text="class Store:"),
        Definition(line=9, text="    def put(self, key: str) -> None:"),
        Definition(line=30, text="def opened(path: str) -> Store:"),
    ),
)
MONEY = MappedFile(path="shop/money.py", score=1.0, definitions=(Definition(line=1, text="def cents() -> int:"),))

texts = st.text(max_size=30)
files = st.lists(
    st.builds(
        MappedFile,
        path=texts,
        score=st.floats(min_value=-2, max_value=1e6, allow_nan=False),
        definitions=st.lists(st.builds(Definition, line=st.integers(1, 10**6), text=texts), max_size=8).map(tuple),
    ),
    max_size=6,
)


def test_files_come_best_first_with_the_lines_of_their_definitions() -> None:
    assert repo_map([MONEY, STORE], budget_chars=1000) == (
        "shop/store.py\n"
        "     4| class Store:\n"
        "     9|     def put(self, key: str) -> None:\n"
        "    30| def opened(path: str) -> Store:\n"
        "shop/money.py\n"
        "     1| def cents() -> int:"
    )


def test_where_not_all_fit_the_outer_definitions_stay_and_the_others_are_counted() -> None:
    assert repo_map([STORE], budget_chars=100) == (
        "shop/store.py\n     4| class Store:\n    30| def opened(path: str) -> Store:\n      ... 1 more"
    )


def test_one_long_file_leaves_room_for_the_others() -> None:
    lines = tuple(Definition(line=n, text=f"def number_{n}():") for n in range(1, 200))
    long = MappedFile(path="long.py", score=3.0, definitions=lines)
    text = repo_map([long, MONEY], budget_chars=400)
    assert "def cents" in text
    assert "def number_1()" in text


def test_what_a_file_leaves_falls_to_those_behind_it() -> None:
    lines = tuple(Definition(line=n, text=f"def number_{n}():") for n in range(1, 10))
    alone = MappedFile(path="behind.py", score=0.1, definitions=lines)
    short = MappedFile(path="short.py", score=99.0, definitions=())
    assert "... " not in repo_map([short, alone], budget_chars=400)


def test_a_budget_too_small_for_any_path_gives_nothing() -> None:
    assert repo_map([STORE, MONEY], budget_chars=5) == ""
    assert repo_map([STORE], budget_chars=-1) == ""


def test_a_later_file_may_fit_where_an_earlier_one_did_not() -> None:
    assert repo_map([STORE, MappedFile(path="a.c", score=1.0, definitions=())], budget_chars=5) == "a.c"


def test_a_path_or_a_line_cannot_pretend_to_be_another_row() -> None:
    hostile = MappedFile(path="a\nb.py", score=1.0, definitions=(Definition(line=1, text="x\n     7| def fake():"),))
    assert "fake" not in repo_map([hostile], budget_chars=1000)
    assert "\u202e" not in repo_map([MappedFile(path="r\u202e.py", score=1.0, definitions=())], budget_chars=1000)


@given(files, st.integers(0, 300))
def test_the_budget_holds_exactly(some: list[MappedFile], budget: int) -> None:
    assert len(repo_map(some, budget_chars=budget)) <= budget


@given(files, st.integers(0, 300), st.randoms(use_true_random=False))
def test_the_order_of_the_files_does_not_matter(some: list[MappedFile], budget: int, chance: random.Random) -> None:
    unequal = list({file.path: file for file in some}.values())
    mixed = chance.sample(unequal, len(unequal))
    assert repo_map(mixed, budget_chars=budget) == repo_map(unequal, budget_chars=budget)


@pytest.mark.parametrize("seed", ["0", "1", "4711"])
def test_other_processes_write_the_same_bytes(seed: str) -> None:
    program = (
        "from coderoute.domain.repo_map import *\n"
        "names = {f'name{n}' for n in range(50)}\n"
        "files = [MappedFile(path=f'{n}.py', score=len(n) / 3, definitions=tuple("
        "Definition(line=int(d[4:]) + 1, text=f'def {d}():') for d in names)) for n in names]\n"
        "import hashlib; print(hashlib.sha256(repo_map(files, budget_chars=3000).encode()).hexdigest())"
    )
    home = str(Path(coderoute.__file__).parent.parent)
    found = {
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": given_seed, "PYTHONPATH": home},
            capture_output=True, text=True, check=True,
        ).stdout
        for given_seed in ("42", seed)
    }  # fmt: skip
    assert len(found) == 1
