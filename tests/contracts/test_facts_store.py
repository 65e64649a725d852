"""What every place for facts about files promises."""

from collections.abc import Callable
from pathlib import Path

import pytest

from coderoute.adapters.facts_inmemory import InMemoryFacts
from coderoute.adapters.facts_sqlite import SqliteFacts
from coderoute.domain.code_facts import FileFacts, Symbol
from coderoute.ports.code import FactsStore

STORES: dict[str, Callable[[Path], FactsStore]] = {
    "in memory": lambda _: InMemoryFacts(),
    "sqlite": lambda folder: SqliteFacts(folder / "state" / "index.db"),
}
FACTS = FileFacts(
    symbols=(Symbol(name="f", outer="", first=1, last=2), Symbol(name="наим", outer="f", first=2, last=2)),
    imports=("os.path", 'a"b'),
    words={"slugify": 2, "Cart": 1},
)


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FactsStore:
    return STORES[request.param](tmp_path)


def test_what_was_put_comes_back_and_nothing_else_does(store: FactsStore) -> None:
    store.put_many({"one": FACTS, "two": FileFacts(words={})})
    assert store.get_many(["one", "two", "three"]) == {"one": FACTS, "two": FileFacts(words={})}


def test_the_later_of_two_facts_holds(store: FactsStore) -> None:
    store.put_many({"one": FileFacts(words={})})
    store.put_many({"one": FACTS})
    assert store.get_many(["one"]) == {"one": FACTS}


def test_many_keys_are_asked_at_once(store: FactsStore) -> None:
    keys = [f"key-{number}" for number in range(1700)]
    store.put_many(dict.fromkeys(keys, FACTS))
    assert set(store.get_many([*keys, *keys])) == set(keys)


def test_nothing_asked_and_nothing_put_is_no_trouble(store: FactsStore) -> None:
    store.put_many({})
    assert store.get_many([]) == {}
