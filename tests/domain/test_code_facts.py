import pytest

from coderoute.domain.code_facts import stems


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("parse_headers", "HeaderParser"),
        ("HTTPResponse", "http_response"),
        ("serialization", "serialize"),
        ("validating", "validated"),
        ("cached", "caches"),
    ],
)
def test_spellings_of_the_same_thing_share_their_parts(one: str, other: str) -> None:
    assert sorted(stems(one)) == sorted(stems(other))


@pytest.mark.parametrize(("word", "parts"), [("is_a", ()), ("use", ("use",)), ("x2y", ()), ("bytes", ("byt",))])
def test_short_parts_say_nothing_and_short_words_stay(word: str, parts: tuple[str, ...]) -> None:
    assert stems(word) == parts
