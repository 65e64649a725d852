"""The drafted coderoute.toml: it loads, it means what was found, and its examples would load too."""

import re
import tomllib

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from coderoute.settings import RepositoryFiles, Settings, load
from coderoute.settings.detect import Detection, Found
from coderoute.settings.draft import draft, quoted

PLAIN = Found(language="Python", command="python -m pytest -q", why_command="pytest is configured")

UTF8 = st.characters(codec="utf-8", exclude_characters="\0")
WORDS = st.text(UTF8, min_size=1).filter(lambda text: bool(text.strip()))
FOUND = st.builds(
    Found,
    language=WORDS,
    folder=st.text(UTF8),
    command=st.none() | WORDS,
    why_command=st.text(UTF8),
    framework=st.none() | st.sampled_from(["jest", "exit-code"]),
    setup=st.lists(WORDS, max_size=3).map(tuple),
    why_setup=st.text(UTF8),
    env=st.dictionaries(st.from_regex(r"[A-Za-z_]\w*", fullmatch=True).filter(str.isascii), st.text(UTF8), max_size=2),
    image=st.none() | st.text(UTF8),
    notes=st.lists(st.text(UTF8), max_size=2).map(tuple),
)


def loaded(text: str) -> Settings:
    return load(environ={"CODEROUTE_CONFIG_DIR": "/nowhere"}, files=RepositoryFiles(coderoute_toml=text))


@hypothesis_settings(deadline=None)
@given(FOUND, st.lists(FOUND, max_size=2))
def test_what_is_written_loads_with_the_values_that_were_found(first: Found, others: list[Found]) -> None:
    settings = loaded(draft(Detection(first=first, others=tuple(others))))

    assert settings.asked.test_command == first.command
    assert settings.asked.setup == first.setup
    assert settings.asked.test_env == dict(first.env)
    assert settings.asked.image is None, "an example of an image is not chosen for the user"
    if first.command is not None and first.framework is not None:
        assert settings.test.framework == first.framework


@hypothesis_settings(deadline=None)
@given(st.builds(Detection, first=st.none() | FOUND, others=st.lists(FOUND, max_size=2).map(tuple)))
def test_nothing_but_what_was_found_is_set(found: Detection) -> None:
    parsed = tomllib.loads(draft(found))

    assert set(parsed) == {"test", "sandbox"}
    assert set(parsed["test"]) <= {"command", "framework", "env"}
    assert set(parsed["sandbox"]) <= {"setup"}


def test_every_example_in_a_comment_is_a_right_setting() -> None:
    text = draft(Detection(first=PLAIN))
    active = re.sub(r"(?m)^#(?=[^ #])", "", text)

    settings = loaded(active)

    assert text.count("\n#") > 20
    assert settings.models.frontier is not None
    assert settings.models.premium is not None
    assert settings.routes.keys() == {"edit.cross", "docs"}
    assert settings.gate.protected_paths


def test_the_defaults_that_it_shows_are_the_defaults() -> None:
    active = re.sub(r"(?m)^#(?=[^ #])", "", draft(Detection(first=PLAIN)))
    settings, default = loaded(active), Settings()

    assert (settings.limits, settings.verify) == (default.limits, default.verify)
    assert settings.github == default.github
    assert settings.test.timeout_s == default.test.timeout_s
    assert (settings.sandbox.cpus, settings.sandbox.memory_mb) == (default.sandbox.cpus, default.sandbox.memory_mb)
    assert (settings.sandbox.pids, settings.sandbox.disk_mb) == (default.sandbox.pids, default.sandbox.disk_mb)


def test_every_section_is_explained() -> None:
    lines = draft(Detection(first=PLAIN)).splitlines()
    sections = [at for at, line in enumerate(lines) if re.match(r"#?\[\w+\]$", line)]

    assert len(sections) == 7
    assert all(lines[at - 1].startswith("# ") for at in sections)


def test_the_file_is_easy_to_read() -> None:
    found = Found(language="Node", command="npm test", why_command='package.json has the script "test"',
                  setup=("npm ci",), why_setup="package-lock.json is there", image="node:22",
                  notes=("the sandbox's own image has no Node: name an image that has",))  # fmt: skip
    lines = draft(Detection(first=found, others=(PLAIN,))).splitlines()

    assert '# Node: package.json has the script "test".' in lines
    assert 'command = "npm test"' in lines
    assert 'setup = ["npm ci"]' in lines
    assert '#image = "node:22"' in lines
    assert "# Look at this: the sandbox's own image has no Node: name an image that has." in lines
    assert "# Also here is Python (tests: python -m pytest -q)." in lines
    assert max(map(len, lines)) <= 120


def test_no_tests_are_said_to_be_none() -> None:
    for found in (None, Found(language="Go", why_command="go.mod is there, but no *_test.go")):
        text = draft(Detection(first=found))
        assert "No test command was found" in text
        assert '\n#command = "python -m pytest -q"\n' in text


def test_what_a_repository_says_of_itself_stays_within_its_comment() -> None:
    evil = 'x\n[trust]\nall = true\r\n"\u202e\x7f'
    text = draft(Detection(first=Found(language=evil, why_command=evil, notes=(evil,), image=evil)))

    assert "trust" not in tomllib.loads(text)
    assert not any(line.startswith("[trust]") for line in text.splitlines())
    assert "\u202e" not in text
    assert "\x7f" not in text


def test_a_text_is_quoted_so_that_it_shows_itself() -> None:
    assert quoted("a 'b' \"c\" \\ é") == '"a \'b\' \\"c\\" \\\\ é"'
    assert quoted("\u202e\n\x7f") == '"\\U0000202E\\n\\U0000007F"'
