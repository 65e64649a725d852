"""Each sign leads to its file, in trees where the others say nothing or the same."""

from coderoute.domain.issue_words import issue_words
from coderoute.domain.plain_code import plain_facts
from coderoute.domain.relevance import (
    SIGNS,
    Question,
    Sign,
    TreeFacts,
    as_spelled,
    parts_defined,
    parts_of_words,
    relevance,
    why,
    words,
)

OTHERS = {f"lib/other{n}.py": "def unrelated(): pass\n" for n in range(6)}


def ranked(files: dict[str, str], title: str, body: str = "", named: frozenset[str] = frozenset()) -> list[str]:
    tree = TreeFacts({path: plain_facts(text.encode()) for path, text in {**OTHERS, **files}.items()})
    return [file.path for file in relevance(tree, issue_words(title, body), named)]


def values(sign: Sign, files: dict[str, str], title: str) -> dict[str, float]:
    tree = TreeFacts({path: plain_facts(text.encode()) for path, text in {**OTHERS, **files}.items()})
    return sign(Question(tree, issue_words(title, "")))


def test_every_sign_has_a_weight() -> None:
    assert all(weight > 0 for _, weight in SIGNS)


def test_a_term_counts_most_where_it_is_defined() -> None:
    files = {"lib/a.py": "slugify()\nslugify()\n", "lib/b.py": "def slugify(): pass\n"}
    found = values(as_spelled, files, "slugify fails")
    assert found["lib/b.py"] > found["lib/a.py"] > found["lib/other1.py"] == 0


def test_a_rare_word_counts_more_than_a_frequent_one() -> None:
    files = {"lib/a.py": "unrelated\n", "lib/b.py": "zebra\n"}
    found = values(words, files, "zebra unrelated")
    assert found["lib/b.py"] > found["lib/a.py"] > 0


def test_the_same_word_counts_less_in_a_longer_file() -> None:
    files = {"lib/a.py": "zebra\n" + "filler\n" * 99, "lib/b.py": "zebra\n"}
    found = values(words, files, "zebra")
    assert found["lib/b.py"] > found["lib/a.py"]


def test_parts_of_words_are_found_in_parts_of_words() -> None:
    found = values(parts_of_words, {"lib/a.py": "HeaderParser()\n"}, "parsing of headers")
    assert found["lib/a.py"] > found["lib/other1.py"] == 0


def test_parts_of_a_definitions_name_count_and_those_of_a_use_do_not() -> None:
    files = {"lib/a.py": "parse_headers()\n", "lib/b.py": "def parse_headers(): pass\n"}
    assert values(parts_defined, files, "header parsing").keys() == {"lib/b.py"}


def test_a_definition_goes_before_a_use() -> None:
    files = {"lib/a.py": "slugify()\n", "lib/b.py": "def slugify(): pass\n"}
    assert ranked(files, "slugify fails")[0] == "lib/b.py"


def test_parts_of_a_name_lead_to_it() -> None:
    files = {"lib/a.py": "def close_stream(): pass\n", "lib/b.py": "def parse_headers(): pass\n"}
    assert ranked(files, "wrong header parsing")[0] == "lib/b.py"


def test_the_path_counts() -> None:
    files = {"lib/a.py": "timeout\n", "lib/timeouts.py": "timeout\n"}
    assert ranked(files, "a timeout is ignored")[0] == "lib/timeouts.py"


def test_what_a_speaking_test_uses_goes_before_what_it_does_not() -> None:
    files = {
        "lib/a.py": "def render(): pass\n# zebra\n",
        "lib/b.py": "def collect(): pass\n# zebra\n",
        "tests/test_x.py": "collect()\n# zebra stripes\n",
    }
    assert next(path for path in ranked(files, "zebra stripes") if path.startswith("lib")) == "lib/b.py"


def test_a_stack_trace_and_a_named_path_lead_the_others() -> None:
    files = {"lib/a.py": "def slugify(): pass\n", "lib/b.py": "def slugify(): pass\n", "lib/c.py": "y = 1\n"}
    body = 'File "/usr/lib/b.py", line 1, in f'
    assert ranked(files, "slugify fails")[0] == "lib/a.py"
    assert ranked(files, "slugify fails", body)[0] == "lib/b.py"
    assert ranked(files, "slugify fails", body, frozenset({"lib/c.py"}))[0] == "lib/c.py"


def test_a_file_without_a_word_of_the_issue_is_not_there() -> None:
    assert ranked({"lib/a.py": "def slugify(): pass\n"}, "slugify") == ["lib/a.py"]


def test_the_order_of_the_files_does_not_matter() -> None:
    files = {f"lib/m{n}.py": "def slugify(): pass\nslugify\n" * (n % 3 + 1) for n in range(9)}
    assert ranked(files, "slugify `slugify` fails") == ranked(dict(reversed(files.items())), "slugify `slugify` fails")


def test_the_reason_names_what_is_defined_first() -> None:
    tree = TreeFacts({"a.py": plain_facts(b"def slugify(): dots\n"), **{p: plain_facts(b"x") for p in OTHERS}})
    assert why(tree, issue_words("slugify eats dots", ""), "a.py", frozenset()) == "defines slugify, dots"
