"""Each blob is read once, by whoever comes first."""

from collections.abc import Iterable, Iterator

from coderoute.adapters.code_plain import PlainReader
from coderoute.adapters.facts_inmemory import InMemoryFacts
from coderoute.adapters.repository_inmemory import InMemoryRepository
from coderoute.code_index import CodeIndex
from coderoute.domain.code_facts import FileFacts
from coderoute.domain.plain_code import plain_facts
from coderoute.ports.code import SourceFile

FILES = {"a.py": b"def one(): pass\n", "b.py": b"def two(): pass\n", "copy.py": b"def one(): pass\n"}


class Watched(PlainReader):
    """Notes what it was given to read. Endings are languages, to tell them apart."""

    def __init__(self, version: str = "1") -> None:
        self.version = version
        self.not_now: set[str] = set()
        self.read: list[str] = []

    def language(self, path: str) -> str:
        return path.rpartition(".")[2]

    def facts(self, files: Iterable[SourceFile]) -> Iterator[FileFacts | None]:
        for file in files:
            self.read.append(file.path)
            yield None if file.path in self.not_now else plain_facts(file.data)


def indexed(files: dict[str, bytes], reader: Watched, store: InMemoryFacts) -> dict[str, FileFacts]:
    repository = InMemoryRepository(files)
    return CodeIndex(reader, store).facts(repository.files(repository.pin(None).tree), repository)


def test_every_file_has_its_facts_and_equal_files_are_read_once() -> None:
    reader = Watched()
    facts = indexed(FILES, reader, InMemoryFacts())
    assert {path: found.symbols[0].name for path, found in facts.items()} == {
        "a.py": "one", "b.py": "two", "copy.py": "one",
    }  # fmt: skip
    assert len(reader.read) == 2


def test_after_a_change_only_what_changed_is_read_by_any_run() -> None:
    store, reader = InMemoryFacts(), Watched()
    indexed(FILES, Watched(), store)
    facts = indexed({**FILES, "b.py": b"def three(): pass\n"}, reader, store)
    assert reader.read == ["b.py"]
    assert facts["b.py"].symbols[0].name == "three"


def test_the_reader_is_given_files_without_the_keys_that_stand_in_them() -> None:
    repository, store = InMemoryRepository({"a.py": b"def found(): return 'key-1'  # \xff\n"}), InMemoryFacts()
    tree = repository.pin(None).tree
    facts = CodeIndex(Watched(), store, lambda text: text.replace("found", "gone")).facts(
        repository.files(tree), repository
    )
    assert facts["a.py"].symbols[0].name == "gone"


def test_another_version_of_the_reader_reads_anew() -> None:
    store, reader = InMemoryFacts(), Watched("2")
    indexed(FILES, Watched("1"), store)
    indexed(FILES, reader, store)
    assert len(reader.read) == 2


def test_the_same_bytes_in_another_language_are_read_anew() -> None:
    store, reader = InMemoryFacts(), Watched()
    indexed({"a.py": b"x\n", "a.rb": b"x\n"}, reader, store)
    assert sorted(reader.read) == ["a.py", "a.rb"]


def test_what_a_reader_cannot_read_this_time_is_read_by_patterns_and_asked_for_again() -> None:
    store, reader = InMemoryFacts(), Watched()
    reader.not_now = {"b.py"}
    facts = indexed(FILES, reader, store)
    assert facts["b.py"].symbols[0].name == "two"
    again = Watched()
    indexed(FILES, again, store)
    assert again.read == ["b.py"]
