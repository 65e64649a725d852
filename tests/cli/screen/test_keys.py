"""What is typed, and what is meant by it."""

import pytest

from coderoute.cli.screen.keys import WORDS, Said, Wish, read


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", Said(Wish.GO_ON)),
        ("   ", Said(Wish.GO_ON)),
        ("n", Said(Wish.NEXT)),
        ("N", Said(Wish.NEXT)),
        ("f 3", Said(Wish.FILE, "3")),
        ("/def  x", Said(Wish.SEARCH, "def  x")),
        ("c use  two spaces", Said(Wish.COMMENT, "use  two spaces")),
        ("a 2", Said(Wish.ITEM, "2")),
        ("back use a name", Said(Wish.SEND_BACK, "use a name")),
        ("send-back no", Said(Wish.SEND_BACK, "no")),
        ("reject too clever", Said(Wish.REJECT, "too clever")),
        ("e my file.patch", Said(Wish.EXPORT, "my file.patch")),
        ("?", Said(Wish.HELP)),
        ("yes", Said(Wish.ACKNOWLEDGE)),
        ("yes please", Said(Wish.OTHER, "yes please")),
        ("next", Said(Wish.OTHER, "next")),
        ("q but first", Said(Wish.OTHER, "q but first")),
        ("0123456789ab", Said(Wish.OTHER, "0123456789ab")),
        ("c0ffee123456", Said(Wish.OTHER, "c0ffee123456")),
    ],
)
def test_a_line_is_a_word_and_what_follows_it(typed: str, said: Said) -> None:
    assert read(typed) == said


def test_no_word_is_long_enough_to_be_taken_for_a_hash() -> None:
    from coderoute.domain.gate_session import HEXADECIMAL, MIN_DIGITS

    assert not [word for word in WORDS if len(word) >= MIN_DIGITS and set(word) <= HEXADECIMAL]
