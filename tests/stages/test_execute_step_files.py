"""The files of a step as an executor first sees them."""

from dataclasses import replace

from coderoute.adapters.repository_inmemory import InMemoryRepository
from coderoute.domain.plan import Class, Kind, Step
from coderoute.stages.execute.step_files import TOTAL_CHARS, WHOLE_FILE_LINES, step_files

STEP = Step(
    id="fix", title="Mend `slug`", instructions="`Text.slug()` must give small letters.", cls=Class.CHEAP,
    kind=Kind.EDIT_LOCAL, files=("a.py",), depends_on=(), diff_lines=5, checks=(),
)  # fmt: skip
FILLER = b"".join(b"line_%d = 0\n" % n for n in range(WHOLE_FILE_LINES))


def shown(files: dict[str, bytes], *paths: str, step: Step = STEP) -> str:
    repository = InMemoryRepository({"other": b"x", **files})
    return step_files(replace(step, files=paths), repository.pin(None).tree, repository)


def test_a_short_file_is_shown_whole_as_it_is() -> None:
    assert shown({"a.py": b"x = 1\r\n\ty\n"}, "a.py") == "a.py (2 lines):\n    1| x = 1\n    2| \ty"


def test_of_a_long_file_the_definitions_the_step_speaks_of_are_shown() -> None:
    data = FILLER + b"class Text:\n    def slug(self):\n        return 1\n\n    def other(self):\n        return 2\n"
    text = shown({"a.py": data}, "a.py")
    assert f"a.py ({WHOLE_FILE_LINES + 6} lines):" in text
    assert f"{WHOLE_FILE_LINES + 2:>5}|     def slug(self):" in text
    assert "line_5 = 0" not in text


def test_beside_a_part_of_a_file_what_the_file_imports_is_shown() -> None:
    data = b'"""About."""\n\nimport os\nfrom text import slug\n\n' + FILLER + b"class Text:\n    def slug(self): ...\n"
    text = shown({"a.py": data}, "a.py")
    assert "    3| import os\n    4| from text import slug\n   ...\n" in text
    assert "line_5 = 0" not in text


def test_of_a_heading_that_stands_in_many_places_the_one_below_the_sure_one_is_meant() -> None:
    filler = b"- something else\n" * WHOLE_FILE_LINES
    data = b"# Log\n### Fixed\n" + filler + b"## Unreleased\n\n### Fixed\n" + filler + b"### Fixed\n"
    step = replace(STEP, instructions="Add a line below `### Fixed` of `## Unreleased`.")
    text = shown({"log.md": data}, "log.md", step=step)
    assert f"{WHOLE_FILE_LINES + 5:>5}| ### Fixed" in text
    assert text.count("### Fixed") == 1
    first = replace(STEP, instructions="Add a line below `### Fixed`.")
    assert "    2| ### Fixed" in shown({"log.md": data}, "log.md", step=first)


def test_of_a_long_file_nobody_speaks_of_the_outline_is_shown() -> None:
    text = shown({"a.py": FILLER + b"def far():\n    return 1\n"}, "a.py")
    assert f"definitions:\n{WHOLE_FILE_LINES + 1:>5}| def far():" in text
    assert "return 1" not in text


def test_a_new_file_and_a_binary_one_are_named() -> None:
    text = shown({"logo.png": b"\x89PNG\0"}, "new.py", "logo.png")
    assert text == "new.py: does not exist yet\n\nlogo.png: binary, 5 bytes"


def test_what_no_longer_fits_can_be_read() -> None:
    files = {f"f{n}.py": (b"x" * 100 + b"\n") * 200 for n in range(4)}
    text = shown(files, *files)
    assert text.count("(use read_file)") == 3
    assert len(text) < TOTAL_CHARS + 1000


def test_without_files_the_model_must_find_them() -> None:
    assert shown({}) == "(none declared: find them)"


def test_a_file_that_holds_secrets_is_named_and_not_shown() -> None:
    text = shown({".env": b"TOKEN=canary\n", "a.py": b"x = 1\n"}, ".env", "a.py")
    assert text.startswith(".env: not shown, its name says that it holds secrets\n")
    assert "canary" not in text
    assert "    1| x = 1" in text
