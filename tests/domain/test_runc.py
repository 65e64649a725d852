"""Which releases of runc are warned of."""

import pytest

from coderoute.domain.runc import has_known_escapes


@pytest.mark.parametrize(
    ("version", "bad"),
    [
        ("1.0.0-rc95", True),
        ("1.1.5+ds1-1+deb12u1", True),
        ("1.2.7", True),
        ("1.2.8-rc.1", True),
        ("1.2.8", False),
        ("v1.2.9-0-g59923ef", False),
        ("1.3.0", True),
        ("1.3.2", True),
        ("1.3.3", False),
        ("1.4.0-rc.2", True),
        ("1.4.0-rc.3", False),
        ("1.4.0~rc3+ds1", False),
        ("1.4.0", False),
        ("2.0.0", False),
        ("unknown", None),
        ("8bd78a9977e604c4d5f67a7415d7b8b8c109cdc4", None),
        ("", None),
    ],
)
def test_release(version: str, bad: bool | None) -> None:
    assert has_known_escapes(version) is bad
