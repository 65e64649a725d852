"""An exact edit that would leave a file that does not parse: a slip in `new` explains it, or it stays as sent."""

import pytest

from coderoute.stages.execute.editing.mended import INDENTED, UNESCAPED, mended
from coderoute.stages.execute.editing.replace import Edited, replace_once

CLASS = "class A:\n    def f(self):\n        return 1\n\n    def g(self):\n        return 2\n"


def meant(text: str, old: str, new: str, path: str = "a.py") -> Edited | None:
    return mended(path, text, old, new, replace_once(path, text, old, new))


def test_later_lines_that_lack_the_indent_before_old_get_it() -> None:
    edit = meant(CLASS, "def g(self):", "def h(self):\n    return 3\n\ndef g(self):")
    assert edit is not None
    assert edit.text == CLASS.replace("    def g", "    def h(self):\n        return 3\n\n    def g")
    assert (edit.line, edit.last, edit.slip) == (5, 8, INDENTED)


def test_quotes_escaped_in_new_alone_lose_their_backslashes() -> None:
    edit = meant("def f():\n    return x\n", "    return x\n", '    return {\\"a\\": x}\n')
    assert edit is not None
    assert edit.text == 'def f():\n    return {"a": x}\n'
    assert edit.slip == UNESCAPED


@pytest.mark.parametrize(
    ("why", "text", "old", "new", "path"),
    [
        ("it parses", CLASS, "return 1", 'return "a\\"b"', "a.py"),
        ("nobody can parse it", "a {\n  b\n}\n", "b", 'b \\"', "a.css"),
        ("it did not parse before", "def f(:\n    return x\n", "    return x\n", '    return \\"x\\"\n', "a.py"),
        ("no reading helps", CLASS, "return 1", "return (", "a.py"),
        ("the line has words before old", CLASS, "f(self):", "f(self):\nreturn (\n", "a.py"),
    ],
)
def test_else_an_edit_stays_as_it_was_sent(why: str, text: str, old: str, new: str, path: str) -> None:
    assert meant(text, old, new, path) is None


def test_line_ends_stay_those_of_the_file() -> None:
    edit = meant(CLASS.replace("\n", "\r\n"), "def g(self):", "def h(self):\n    return 3\n\ndef g(self):")
    assert edit is not None
    assert "\n" not in edit.text.replace("\r\n", "")
