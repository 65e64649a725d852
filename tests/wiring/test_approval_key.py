"""What approvals are signed with: this user's alone, and never something that anybody could know."""

import stat
from pathlib import Path

import pytest

from coderoute.errors import ConfigurationError
from coderoute.wiring.house import APPROVAL_KEY_BYTES, House, approval_key, open_house


@pytest.fixture
def house(tmp_path: Path) -> House:
    return open_house({"CODEROUTE_STATE_DIR": str(tmp_path / "state")})


def test_the_key_is_made_once_and_is_for_its_user_alone(house: House) -> None:
    key = approval_key(house)

    assert len(key) == APPROVAL_KEY_BYTES
    assert approval_key(house) == key
    assert stat.S_IMODE((house.folder / "approval.key").stat().st_mode) == 0o600


def test_two_installations_have_two_keys(house: House, tmp_path: Path) -> None:
    assert approval_key(house) != approval_key(open_house({"CODEROUTE_STATE_DIR": str(tmp_path / "other")}))


@pytest.mark.parametrize("content", ["", "00", "no hex", "00" * (APPROVAL_KEY_BYTES - 1), "\n"])
def test_a_file_that_holds_no_key_signs_nothing(content: str, house: House) -> None:
    """A disk that was full may leave an empty file: with it anybody could sign."""
    approval_key(house)
    path = house.folder / "approval.key"
    path.write_text(content)

    with pytest.raises(ConfigurationError, match="holds no key") as refused:
        approval_key(house)
    assert "approved anew" in refused.value.remedy
