"""docs/settings.md names every key there is, and no other, and says rightly whose it is."""

import re
from pathlib import Path as File

import pytest

from coderoute.settings import keys
from coderoute.settings.keys import KEYS, Named, Path

DOCUMENT = File(__file__).parents[2] / "docs" / "settings.md"
ROWS = dict(re.findall(r"^\| `([^`]+)` \| (.+?) \|", DOCUMENT.read_text(), re.MULTILINE))


def leaves(tree: keys.Tree, above: Path = ()) -> list[Path]:
    found: list[Path] = []
    for key, node in tree.items():
        path = (*above, key)
        if isinstance(node, Named):
            found += leaves({node.example: node.each}, path)
        elif isinstance(node, dict):
            found += leaves(node, path)
        else:
            found.append(path)
    return found


def row_of(path: Path) -> str:
    if path[0] == "models":
        return f"models.ROLE.{path[-1]}"
    if path[0] == "routes":
        return (
            "routes.KIND" if "." in path[1] or path[1] in ("docs", "rename", "command", "question") else "routes.STAGE"
        )
    return ".".join(path)


@pytest.mark.parametrize("path", leaves(KEYS), ids=keys.shown)
def test_each_key_has_a_row_that_says_whose_it_is(path: Path) -> None:
    words = ROWS[row_of(path)]
    assert words.startswith("*yours*") is not keys.repository_may_set(path)
    assert path[0] != "routes" or f"`{path[1]}`" in words


def test_no_row_is_of_a_key_that_is_not_there() -> None:
    assert set(ROWS) == {row_of(path) for path in leaves(KEYS)}
