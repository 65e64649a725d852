"""A secret is found in whatever form a program wrote it, and ordinary text is left alone."""

import base64
import html
import json
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.domain.redaction import Redactor, without_likely_keys

KEY = 'canary/4711+Zz~9&"k<=\\e?y'
"""It looks different in every form."""
PLAIN = "canary4711Zzk9QwErTyUiOp"
BODY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
PEM = f"-----BEGIN PRIVATE KEY-----\n{BODY}\n-----END PRIVATE KEY-----"


def b64(before: str, after: str, *, safe: bool = False) -> Callable[[str], str]:
    encode = base64.urlsafe_b64encode if safe else base64.b64encode
    return lambda key: encode(f"{before}{key}{after}".encode()).decode()


def wrapped(text: str, width: int = 20, end: str = "\n") -> str:
    return end.join(text[at : at + width] for at in range(0, len(text), width))


FORMS: list[tuple[str, Callable[[str], str]]] = [
    ("as it is", lambda key: key),
    ("in quotes", lambda key: repr(key)),
    ("in JSON", json.dumps),
    ("in JSON within JSON", lambda key: json.dumps({"a": key})),
    ("in HTML", html.escape),
    ("in a URL", lambda key: quote(key, safe="")),
    ("in a URL's path", quote),
    ("in a form", quote_plus),
    ("in a URL with small digits", lambda key: re.sub("%..", lambda code: code[0].lower(), quote(key, safe=""))),
    ("as hex", lambda key: key.encode().hex()),
    ("as large hex", lambda key: key.encode().hex().upper()),
    ("as wrapped hex", lambda key: wrapped(key.encode().hex(), 32)),
    ("as base64", b64("", "")),
    ("as base64 of a line", b64("", "\n")),
    ("as base64 behind one byte", b64("x", "")),
    ("as base64 behind two bytes", b64("xy", "tail")),
    ("as basic authentication", b64("user:", "")),
    ("as base64 of a file", b64("A=1\nKEY=", "\nB=2\n")),
    ("as URL-safe base64", b64("", "", safe=True)),
    ("as URL-safe base64 behind one byte", b64("x", "yz", safe=True)),
    ("as wrapped base64", lambda key: wrapped(b64("KEY=", "\nMORE=1\n")(key))),
    ("as wrapped base64 in JSON", lambda key: json.dumps(wrapped(b64("KEY=", "\nMORE=1\n")(key)))),
    ("as base64 wrapped for Windows", lambda key: wrapped(b64("KEY=", "\nM=1\n")(key), end="\r\n")),
]  # fmt: skip


@pytest.mark.parametrize("key", [KEY, PLAIN], ids=["with signs", "without"])
@pytest.mark.parametrize(("what", "form"), FORMS, ids=[what for what, _ in FORMS])
def test_a_secret_goes_in_every_form(what: str, form: Callable[[str], str], key: str) -> None:
    got = Redactor({"SOME_KEY": key})(f"before {form(key)} after")

    assert "[redacted: SOME_KEY]" in got, what
    assert got.startswith("before ")
    assert got.endswith(" after")
    assert key[:8] not in got


def test_of_two_secrets_one_of_which_begins_the_other_nothing_stays() -> None:
    assert Redactor({"A": "secret-one", "B": "secret-one-two"})("secret-one-two secret-one") == (
        "[redacted: B] [redacted: A]"
    )


def test_a_key_of_several_lines_goes_line_by_line() -> None:
    got = Redactor({"PEM": PEM})("    3| " + PEM.split("\n")[1] + "\n" + json.dumps(PEM))
    assert not any(line in got for line in PEM.split("\n")[1:3])


@pytest.mark.parametrize("value", ["", "k", "1234567", "   short   "])
def test_what_is_too_short_for_a_key_is_not_looked_for(value: str) -> None:
    assert Redactor({"A": value})(f"x{value}y 1234567 short") == f"x{value}y 1234567 short"


def test_a_redactor_does_not_print_what_it_knows() -> None:
    assert PLAIN not in repr(Redactor({"A": PLAIN}))


@given(st.text(), st.text(alphabet="abcdef0123456789+/=", max_size=200))
def test_other_text_is_left_alone(text: str, encoded: str) -> None:
    assert Redactor({"A": KEY})(text + encoded) == text + encoded


@given(
    st.text(st.characters(codec="utf-8"), min_size=8).filter(lambda key: len(key.strip()) >= 8), st.text(), st.text()
)
def test_whatever_the_key_is_its_plain_text_goes(key: str, before: str, after: str) -> None:
    key = key.strip()
    assert key not in Redactor({"A": key})(f"{before}{key}{after}").replace("[redacted: A]", "")


LOOKS = "sk-ant-" + "api03-Qm9yZUtleVdpdGhvdXRNZWFuaW5nNDcxMQ"


def test_what_looks_like_anybodys_key_goes() -> None:
    got = without_likely_keys(f"a {LOOKS} b\nghp_{'aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5'} c")
    assert got == "a [redacted: an Anthropic key] b\n[redacted: a GitHub token] c"


def test_examples_and_ordinary_text_stay() -> None:
    text = "export ANTHROPIC_API_KEY=sk-ant-... # sk-your-key-here\ntask-1 eyJ -----BEGIN CERTIFICATE-----"
    assert without_likely_keys(text) == text
