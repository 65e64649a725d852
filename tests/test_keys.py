"""Keys are in one object: not in the environment, not in what is printed of it."""

import os
import subprocess
import sys
import threading

import pytest

from coderoute.keys import HIDDEN, Keys, held, holding, looks_random

KEY = "sk-ant-canary-4711-Qm9yZUtleQ"
ENVIRON = {"ANTHROPIC_API_KEY": KEY, "HOME": "/home/ann", "TEAM": "team-canary-0815"}


def test_a_key_is_out_of_the_environment_while_it_is_held_and_back_afterwards() -> None:
    environ = dict(ENVIRON)
    with holding(environ) as keys:
        assert "ANTHROPIC_API_KEY" not in environ
        assert keys.hold("ANTHROPIC_API_KEY") == KEY
        assert held() is keys
    assert environ == ENVIRON


def test_a_key_comes_back_also_when_the_command_fails() -> None:
    environ = dict(ENVIRON)
    with pytest.raises(RuntimeError), holding(environ):
        raise RuntimeError
    assert environ == ENVIRON


def test_that_a_key_is_set_can_be_seen_and_its_value_cannot() -> None:
    keys = Keys(ENVIRON)
    assert keys.environ["ANTHROPIC_API_KEY"] == HIDDEN
    assert keys.environ["HOME"] == "/home/ann"
    assert KEY not in repr(keys) + str(keys.environ)


def test_a_variable_that_settings_name_is_held_from_then_on() -> None:
    environ = dict(ENVIRON)
    with holding(environ) as keys:
        assert keys.redacted("team-canary-0815") == "team-canary-0815"
        assert keys.hold("TEAM") == "team-canary-0815"
        assert "TEAM" not in environ
        assert keys.environ["TEAM"] == HIDDEN
        assert keys.redacted("x team-canary-0815") == "x [redacted: TEAM]"
    assert environ == ENVIRON


def test_a_key_that_a_program_printed_is_redacted_like_the_others() -> None:
    keys = Keys(ENVIRON)
    assert keys.redacted("gho_canary0815") == "gho_canary0815"
    assert keys.take_in("gh auth token", "gho_canary0815") == "gho_canary0815"
    assert keys.redacted("x gho_canary0815") == "x [redacted: gh auth token]"
    assert "gho_canary0815" in keys.known
    assert "gho_canary0815" not in repr(keys) + str(keys.environ)


def test_no_key_is_an_empty_key() -> None:
    assert Keys({"OPENAI_API_KEY": ""}).hold("OPENAI_API_KEY") == ""
    assert Keys({}).hold("OPENAI_API_KEY") == ""


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("GITHUB_TOKEN", "ghs_4711canary0815", "ghs_4711canary0815"),
        ("GH_TOKEN", "ghs_4711canary0815", "ghs_4711canary0815"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI7MDENGbPxRfiCY", "wJalrXUtnFEMI7MDENGbPxRfiCY"),
        ("DB_PASSWORD", "correct-horse-4711", "correct-horse-4711"),
        ("my_service_token", "abcdefgh12345678", "abcdefgh12345678"),
        ("HTTPS_PROXY", "http://ann:s3cret-canary@proxy:3128", "s3cret-canary"),
        ("https_proxy", "http://ann:s%2Fcret-canary@proxy:3128", "s/cret-canary"),
        ("https_proxy", "http://ann:s%2Fcret-canary@proxy:3128", "s%2Fcret-canary"),
        ("PIP_EXTRA_INDEX_URL", "https://a/simple https://u:f1rst-canary@b/ https://u:0ther-canary@c/", "0ther-canary"),
        ("PIP_INDEX_URL", "https://4711canary0815token@index/simple", "4711canary0815token"),
    ],
)
def test_what_a_variable_holds_is_taken_out_of_text(name: str, value: str, secret: str) -> None:
    got = Keys({name: value}).redacted(f"before {secret} after")
    assert secret not in got
    assert got.startswith("before [redacted: ")
    assert name in got


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "development"),
        ("SSH_KEY_PATH", "/home/ann/.ssh/id_ed25519"),
        ("API_KEY_FILE", "~/keys/one-of-them-4711"),
        ("PWD", "/home/ann/project-4711"),
        ("KEYBOARD", "de-latin1-nodeadkeys-4711"),
        ("TOKENIZERS_PARALLELISM", "false-but-long-enough-4711"),
        ("DEBUG_TOKEN", "xxxxxxxxxxxxxxxx"),
        ("HTTP_PROXY", "http://proxy:3128/some-path-4711"),
    ],
)
def test_ordinary_values_are_left_in_text(name: str, value: str) -> None:
    assert Keys({name: value}).redacted(f"x {value} y") == f"x {value} y"


def test_a_private_key_looks_random() -> None:
    assert looks_random("-----BEGIN PRIVATE KEY-----\nabc")


def test_variables_that_are_not_ours_stay_for_the_programs_that_need_them() -> None:
    environ = {"AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI7MDENGbPxRfiCY", "HTTPS_PROXY": "http://ann:s3cret-canary@p"}
    before = dict(environ)
    with holding(environ):
        assert environ == before


def test_every_value_that_is_held_is_known_to_admission() -> None:
    assert Keys({**ENVIRON, "HTTPS_PROXY": "http://ann:s3cret-canary@p"}).known == {KEY, "s3cret-canary"}


def test_a_thread_has_the_keys_of_its_command() -> None:
    seen: list[Keys] = []
    with holding(dict(ENVIRON)) as keys:
        thread = threading.Thread(target=lambda: seen.append(held()))
        thread.start()
        thread.join()
    assert seen == [keys]


def test_a_program_started_meanwhile_has_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("GITHUB_TOKEN", KEY)
    with holding(os.environ):
        done = subprocess.run(
            [sys.executable, "-c", "import os; print(dict(os.environ))"], capture_output=True, text=True, check=True
        )
    assert "canary" not in done.stdout
    assert os.environ["ANTHROPIC_API_KEY"] == KEY


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENAI_API_KEY", "EMPTY"),
        ("OPENAI_API_KEY", "test"),
        ("OPENAI_API_KEY", "anything"),
        ("OPENAI_API_KEY", "not-needed"),
        ("ANTHROPIC_API_KEY", "dummy-key-1"),
        ("DATABASE_URL", "postgres://postgres:postgres@localhost/db"),
        ("DATABASE_URL", "postgres://app:password123@localhost/db"),
    ],
)
def test_a_word_in_the_place_of_a_key_is_left_in_text_and_may_be_written(name: str, value: str) -> None:
    keys = Keys({name: value})
    text = f"anything: postgres has EMPTY tests and password123, test, not-needed, dummy-key-1 {value}"
    assert keys.redacted(text) == text
    assert keys.known == frozenset()


@pytest.mark.parametrize(
    "value", ["ghs_4711canary0815", "hunter2-secret", "s3cret-canary", "Zk9QwErTyUiOpAsDfGhJkLzXc", "xKqJvBzWpLmN"]
)
def test_what_is_no_wording_is_a_key_however_short(value: str) -> None:
    assert Keys({"GITHUB_TOKEN": value}).known == {value}
