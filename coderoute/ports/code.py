"""What reads source code, and where what it read is kept."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from coderoute.domain.code_facts import FileFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file as it stands in a tree. `data` may be anything: it is a stranger's."""

    path: str
    data: bytes


class CodeReader(Protocol):
    """Bytes of files in, what they say as code out."""

    @property
    def version(self) -> str:
        """Changes whenever the same bytes could give other facts."""
        ...

    def language(self, path: str) -> str:
        """What the file is read as: facts of the same bytes differ by it."""
        ...

    def facts(self, files: Iterable[SourceFile]) -> Iterator[FileFacts | None]:
        """One answer a file, in order. Never fails: what cannot be parsed has fewer symbols, what is no text has
        nothing. None: not read this time, for a reason that is not the file's; another time it may be."""
        ...


class FactsStore(Protocol):
    """Facts by key, shared between runs. It is a cache: what is lost is read anew."""

    def get_many(self, keys: Sequence[str]) -> dict[str, FileFacts]:
        """Those of `keys` that are known."""
        ...

    def put_many(self, facts: Mapping[str, FileFacts]) -> None: ...
