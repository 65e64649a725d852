"""Reading a Dockerfile: nothing may be built that was not read, and nothing fetched by the engine itself."""

import pytest

from coderoute.domain.dockerfile import Instruction, bases, declared, instructions, why_not

MULTI_STAGE = """\
# syntax=docker/dockerfile:1
ARG PY=3.12
ARG VARIANT="slim"
FROM --platform=linux/amd64 python:${PY}-$VARIANT AS build
ARG TOKEN
run pip install \\
    # a comment between
    x y

FROM scratch
FROM Build as last
COPY --from=build /x /x
FROM debian:12
"""


def test_instructions_are_read_with_their_continuations() -> None:
    assert instructions("\ufefffrom a\r\nRUN x \\\r\n\r\n  # no\n  y\nONBUILD add b c\n")[0:] == (
        Instruction(word="FROM", rest="a"),
        Instruction(word="RUN", rest="x   y"),
        Instruction(word="ADD", rest="b c"),
    )


def test_base_images_are_those_that_are_no_stages() -> None:
    assert bases(instructions(MULTI_STAGE), {}) == ("python:3.12-slim", "debian:12")
    assert bases(instructions(MULTI_STAGE), {"PY": "3.13"}) == ("python:3.13-slim", "debian:12")
    assert bases(instructions("FROM ${X:-debian:12}"), {}) == ("debian:12",)


@pytest.mark.parametrize(
    "text", ["FROM $X", "ARG X\nFROM $X", "FROM a\nARG X=b\nFROM $X", "FROM ${X:+b}", "ARG X=$Y\nFROM $X"]
)
def test_a_base_image_that_nobody_can_name_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="FROM"):
        bases(instructions(text), {})


def test_arguments_are_declared_wherever_they_stand() -> None:
    assert declared(instructions("ARG A\nFROM x\narg B=1 C\nONBUILD ARG \\\n D")) == {"A", "B", "C", "D"}


@pytest.mark.parametrize("text", [
    MULTI_STAGE, "FROM a\nADD x y /z/", 'FROM a\nADD ["x", "/a b/"]', "FROM a\nADD --chown=1:1 . /$HOME",
    "FROM a\nRUN curl https://example.org | sh", "FROM a\nCOPY $X /y", "FROM a\nRUN test 1 -lt $((1<<3))",
])  # fmt: skip
def test_what_may_be_built(text: str) -> None:
    assert why_not(text) is None


@pytest.mark.parametrize("text", [
    "ADD http://169.254.169.254/x /x",
    "add https://localhost/x /x",
    "ADD\\\n http://127.0.0.1/x /x",
    "A\\\nDD http://127.0.0.1/x /x",
    "ADD --checksum=x http://127.0.0.1/x /x",
    'ADD ["http://127.0.0.1/x", "/x"]',
    'ADD ["a", "$URL", "/x"]',
    "ADD a $URL /x",
    "ADD ${URL} /x",
    "ADD h'ttp'://127.0.0.1/x /x",
    'ADD "x" /y',
    "ADD git@example.org:x.git /x",
    "ONBUILD ADD http://127.0.0.1/x /x",
    "RUN x \\\n# comment\n\nADD y\nADD http://127.0.0.1/x /x",
])  # fmt: skip
def test_what_the_engine_itself_would_fetch_is_refused(text: str) -> None:
    assert "ADD may only name files of the repository" in (why_not(f"FROM a\n{text}\n") or "")


@pytest.mark.parametrize("text", [
    "# escape=`\nFROM a\nRUN x `\nADD http://x /y",
    "#Escape = `\nFROM a",
    "FROM a\nRUN x \\\x0c\nADD http://x /y",
    "FROM a\nRUN x \\\u2028ADD http://x /y",
    "FROM a\nRUN x\\\rADD http://x /y",
    "FROM a\nRUN\u00a0x",
    "FROM a\nRUN <<EOF\nx\nEOF",
    'FROM a\nCOPY <<"EOF" /x\nx\nEOF',
])  # fmt: skip
def test_what_builders_read_differently_is_refused(text: str) -> None:
    assert "may differ from what is read" in (why_not(text) or "")
