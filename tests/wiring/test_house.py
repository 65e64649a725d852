"""Where the state of this installation is."""

from pathlib import Path

from coderoute.wiring.house import state_dir


def test_the_environment_chooses_the_folder() -> None:
    assert state_dir({"CODEROUTE_STATE_DIR": "/s"}) == Path("/s")


def test_a_relative_folder_becomes_absolute() -> None:
    assert state_dir({"CODEROUTE_STATE_DIR": "s"}) == Path.cwd() / "s"


def test_without_a_word_it_is_the_users_own() -> None:
    assert state_dir({}).name == "coderoute"
