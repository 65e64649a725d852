"""Which parts of a long file an issue is about."""

from hypothesis import given
from hypothesis import strategies as st

from coderoute.domain.telling_parts import MAX_LINES, telling_parts, weights_of

FILLER = "".join(f"def filler_{n}(value):\n    total = value + {n}\n    return total\n\n\n" for n in range(30))


def shown(text: str, words: str, limit: int = 6) -> str:
    lines = text.split("\n")
    return "\n...\n".join("\n".join(lines[first - 1 : last]) for first, last in telling_parts(text, words, limit=limit))


def test_a_function_in_which_a_rare_word_stands_is_shown_although_it_does_not_define_it() -> None:
    text = FILLER + "def generate(spec):\n    lines = ['__pre_hook__()']\n    return lines\n"
    assert shown(text, "`__pre_hook__` gets no values") == text[text.index("def generate") :].rstrip("\n")


def test_a_keyword_argument_of_the_issue_is_looked_for_as_an_attribute() -> None:
    text = FILLER + "class Loop:\n    def ends(self):\n        if self.reraise:\n            raise self.error\n"
    assert "if self.reraise:" in shown(text, "reraise=True\nI use `reraise=True` and get nothing")


def test_of_a_test_the_whole_is_shown_and_not_what_it_defines_inside() -> None:
    text = (
        FILLER + "def test_hook():\n    class C:\n        def __pre_hook__(self):\n            pass\n    assert C()\n"
    )
    assert shown(text, "`__pre_hook__`").startswith("def test_hook():")
    assert shown(text, "`__pre_hook__`").endswith("assert C()")


def test_what_every_class_has_and_what_python_has_says_nothing() -> None:
    text = "".join(f"class C{n}:\n    def __init__(self, items: list[str]):\n        pass\n\n\n" for n in range(9))
    assert shown(text, "`__init__` takes a `list` of `str`") == ""


def test_what_an_example_defines_for_itself_or_writes_as_text_is_no_clue() -> None:
    issue = (
        '`Queue.get` hangs\n```python\nasync def main():\n    q = Queue()\n    print("timeout reached", q)\nmain()\n```'
    )
    assert weights_of(issue).keys() == {"Queue"}
    assert "main" in weights_of(f"{issue}\n`main` is mine")


def test_a_member_of_another_class_is_not_shown_for_its_name() -> None:
    text = FILLER + "class Handler:\n    def get(self):\n        return 1\n"
    assert "def get" not in shown(text, "`Queue.get` hangs")
    assert "def get" in shown(text, "`Handler.get` hangs")


def test_a_short_function_that_a_shown_one_calls_is_shown_too() -> None:
    text = FILLER + "def wanted(x):\n    return _inner(x)\n\n\n\n\n\n\n\ndef _inner(x):\n    return -x\n"
    assert shown(text, "`wanted` is wrong", limit=1).endswith("...\ndef _inner(x):\n    return -x")


def test_of_a_long_function_the_head_and_the_matching_places_are_shown() -> None:
    body = "".join(f"    step_{n} = {n}\n" for n in range(200))
    text = FILLER + "def long():\n" + body + "    rare_word = 1\n" + body
    found = shown(text, "`rare_word` is one")
    assert found.startswith("def long():")
    assert "    rare_word = 1" in found
    assert "step_100" not in found


def test_plain_words_lead_to_functions_named_after_them_and_only_where_nothing_is_named_better() -> None:
    text = FILLER + "class HashHeaderProcessor:\n    def run(self):\n        return 1\n"
    assert "def run" in shown(text, "The text below a heading is lost")
    assert shown(text, "Nothing fits here") == ""


def test_signatures_for_type_checkers_are_left_out() -> None:
    text = FILLER + "@overload\ndef retry(fn): ...\n\n\n\n\n\ndef retry(fn):\n    return fn\n"
    assert shown(text, "`retry` fails") == "def retry(fn):\n    return fn"


@given(st.text(alphabet="abc `.()=\n_'\"", max_size=300), st.integers(1, 9))
def test_whatever_an_issue_says_the_spans_are_within_the_file_and_bounded(words: str, limit: int) -> None:
    text = "class abc:\n    def a_b(self):\n        return c_a(1)\n\n\ndef c_a(b):\n    ab = 1\n" + FILLER
    spans = telling_parts(text, words, limit=limit)
    assert all(1 <= first <= last <= len(text.split("\n")) for first, last in spans)
    assert sum(last - first + 1 for first, last in spans) <= MAX_LINES
