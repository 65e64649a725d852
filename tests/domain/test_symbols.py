import pytest

from coderoute.domain.symbols import DEFINITION


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("def slugify(text):", "slugify"),
        ("    async def close(self):", "close"),
        ("class Parser:", "Parser"),
        ("export default function main() {", "main"),
        ("export async function go() {", "go"),
        ("pub fn parse(x: u8) {", "parse"),
        ("func Split(s string) []string {", "Split"),
        ("public static class Table {", "Table"),
        ("interface Shape {", "Shape"),
        ("impl Iterator for X {", "Iterator"),
    ],
)
def test_definitions_of_many_languages_are_found(line: str, name: str) -> None:
    assert DEFINITION.findall(line) == [name]


@pytest.mark.parametrize(
    "line", ["defined = 1", "x = classmethod(f)", "# def old():", "return function(x)", "function returns a value"]
)
def test_what_only_looks_like_one_is_none(line: str) -> None:
    assert DEFINITION.findall(line) == []
