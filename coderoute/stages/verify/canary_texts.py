"""What a canary is made of: small tests of which each fails by another means, for a change may have bent any of them.

Every name, number and text is drawn anew. A marker is a number that stands in the failure's own text, so that a
report shows that the test was run and not only guessed at.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from random import Random

from coderoute.domain.judgement import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """One test of the canary. `marker` stands in its failure text; None where the runner need not print any."""

    name: str
    must: Outcome
    marker: str | None = None


Part = tuple[Sequence[str], Sequence[Trap]]
"""Lines, and the tests in them."""


class Draw:
    """Words and numbers in an order that nobody can foresee; no word comes twice."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._words = list(_all_words())
        chance.shuffle(self._words)

    def word(self) -> str:
        return self._words.pop()

    def name(self) -> str:
        return f"{self.word()}_{self.word()}"

    def small(self) -> int:
        return self._chance.randint(2, 90)

    def marker(self) -> int:
        return self._chance.randint(10_000_000, 99_999_999)

    def shuffled(self, parts: Iterable[Part]) -> list[Part]:
        drawn = list(parts)
        self._chance.shuffle(drawn)
        return drawn


@cache
def _all_words() -> tuple[str, ...]:
    return tuple(resources.files("coderoute.stages.verify").joinpath("canary_words.txt").read_text("utf-8").split())


def pytest_file(draw: Draw, beginning: str) -> tuple[bytes, tuple[Trap, ...]]:
    """The file and its tests; names of test functions start with `beginning`."""
    functions = (passes, fails_an_assert, raises, expects_an_error_in_vain, has_a_broken_fixture, fails_in_words)
    parts = [write(draw, f"{beginning}{draw.name()}") for write in functions]
    parts.append(test_case(draw, (is_not_equal, is_not_true)))
    return _file(("import unittest", "", "import pytest"), draw.shuffled(parts))


def unittest_file(draw: Draw) -> tuple[bytes, tuple[Trap, ...]]:
    methods = (is_equal, is_not_equal, is_not_true, is_not_in, expects_an_error_of_a_case_in_vain, raises_in_a_case)
    parts = [test_case(draw, methods), case_with_a_broken_set_up(draw)]
    return _file(("import unittest",), draw.shuffled(parts))


def _file(imports: Sequence[str], parts: Sequence[Part]) -> tuple[bytes, tuple[Trap, ...]]:
    texts = ["\n".join(imports), *("\n".join(lines) for lines, _ in parts)]
    return ("\n\n\n".join(texts) + "\n").encode(), tuple(trap for _, traps in parts for trap in traps)


def passes(draw: Draw, name: str) -> Part:
    a, b, noun = draw.small(), draw.small(), draw.word()
    lines = (f"def {name}():", f"    {noun} = [{a}, {b}]", f"    assert sum({noun}) == {a + b}")
    return lines, (Trap(name=name, must=Outcome.PASSED),)


def fails_an_assert(draw: Draw, name: str) -> Part:
    noun, marker = draw.word(), draw.marker()
    lines = (
        f"def {name}():",
        f"    {noun} = [{draw.small()}, {draw.small()}]",
        f'    assert sum({noun}) == {marker}, "the {noun} should be {marker}"',
    )
    return lines, (_fails(name, marker),)


def raises(draw: Draw, name: str) -> Part:
    noun, marker = draw.word(), draw.marker()
    lines = (
        f"def {name}():",
        f'    {noun} = {{"{draw.word()}": {draw.small()}}}',
        f"    if len({noun}) == 1:",
        f'        raise LookupError("no {draw.word()} {marker} in the {noun}")',
    )
    return lines, (_fails(name, marker),)


def expects_an_error_in_vain(draw: Draw, name: str) -> Part:
    noun, key = draw.word(), draw.word()
    lines = (
        f"def {name}():",
        f'    {noun} = {{"{key}": {draw.small()}}}',
        "    with pytest.raises(KeyError):",
        f'        {noun}["{key}"] += 1',
    )
    return lines, (_fails(name, None),)


def has_a_broken_fixture(draw: Draw, name: str) -> Part:
    fixture, marker = draw.name(), draw.marker()
    lines = (
        "@pytest.fixture",
        f"def {fixture}():",
        f'    raise ValueError("the {draw.word()} {marker} cannot be read")',
        "",
        "",
        f"def {name}({fixture}):",
        f"    assert {fixture} is None",
    )
    return lines, (_fails(name, marker),)


def fails_in_words(draw: Draw, name: str) -> Part:
    noun, marker = draw.word(), draw.marker()
    lines = (
        f"def {name}():",
        f'    {noun} = "{draw.word()} {draw.word()}".split()',
        f"    if {noun}[0] != {noun}[1]:",
        f'        pytest.fail("the {noun} of {marker} differ")',
    )
    return lines, (_fails(name, marker),)


Method = Callable[[Draw, str], Part]
"""Writes the lines of a TestCase's method `name`, not indented."""


def test_case(draw: Draw, methods: Sequence[Method]) -> Part:
    written = draw.shuffled(method(draw, f"test_{draw.name()}") for method in methods)
    bodies = [[f"    {line}" for line in lines] for lines, _ in written]
    lines = [f"class {_class_name(draw)}(unittest.TestCase):"]
    for number, body in enumerate(bodies):
        lines += ["", *body] if number else body
    return lines, tuple(trap for _, traps in written for trap in traps)


def is_equal(draw: Draw, name: str) -> Part:
    a, b = draw.small(), draw.small()
    return (f"def {name}(self):", f"    self.assertEqual({a} + {b}, {a + b})"), (Trap(name=name, must=Outcome.PASSED),)


def is_not_equal(draw: Draw, name: str) -> Part:
    marker = draw.marker()
    lines = (f"def {name}(self):", f"    self.assertEqual({draw.small()} + {draw.small()}, {marker})")
    return lines, (_fails(name, marker),)


def is_not_true(draw: Draw, name: str) -> Part:
    noun, marker = draw.word(), draw.marker()
    lines = (
        f"def {name}(self):",
        f"    {noun} = [{draw.small()}]",
        f'    self.assertTrue(len({noun}) > 1, "too few of {noun}: {marker}")',
    )
    return lines, (_fails(name, marker),)


def is_not_in(draw: Draw, name: str) -> Part:
    marker = draw.marker()
    lines = (f"def {name}(self):", f"    self.assertIn({marker}, [{draw.small()}, {draw.small()}])")
    return lines, (_fails(name, marker),)


def expects_an_error_of_a_case_in_vain(draw: Draw, name: str) -> Part:
    lines = (
        f"def {name}(self):",
        "    with self.assertRaises(ZeroDivisionError):",
        f"        {draw.small()} / {draw.small()}",
    )
    return lines, (_fails(name, None),)


def raises_in_a_case(draw: Draw, name: str) -> Part:
    marker = draw.marker()
    lines = (f"def {name}(self):", f'    raise LookupError("no {draw.word()} {marker}")')
    return lines, (_fails(name, marker),)


def case_with_a_broken_set_up(draw: Draw) -> Part:
    name, noun, marker = f"test_{draw.name()}", draw.word(), draw.marker()
    lines = (
        f"class {_class_name(draw)}(unittest.TestCase):",
        "    def setUp(self):",
        f'        raise OSError("the {draw.word()} {marker} cannot be read")',
        "",
        f"    def {name}(self):",
        f"        {noun} = {draw.small()}",
        f"        self.assertEqual({noun}, {noun})",
    )
    return lines, (_fails(name, marker),)


def _class_name(draw: Draw) -> str:
    return f"{draw.word().capitalize()}{draw.word().capitalize()}Test"


def _fails(name: str, marker: int | None) -> Trap:
    return Trap(name=name, must=Outcome.FAILED, marker=None if marker is None else str(marker))
