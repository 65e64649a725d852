from clockwork import duration


def test_minutes_and_seconds():
    assert duration(75) == "1m 15s"


def test_hours_and_seconds():
    assert duration(3605) == "1h 5s"


def test_several_hours():
    assert duration(2 * 3600 + 90) == "2h 1m 30s"
