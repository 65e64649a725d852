"""What reads source code, and where what it read is kept."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from coderoute.domain.code_facts import FileFacts


class CodeReader(Protocol):
    """Bytes of a file in, what they say as code out."""

    @property
    def version(self) -> str:
        """Changes whenever the same bytes could give other facts."""
        ...

    def language(self, path: str) -> str:
        """What the file is read as: facts of the same bytes differ by it."""
        ...

    def facts(self, path: str, data: bytes) -> FileFacts:
        """Never fails: what cannot be parsed has fewer symbols, what is no text has nothing."""
        ...


class FactsStore(Protocol):
    """Facts by key, shared between runs. It is a cache: what is lost is read anew."""

    def get_many(self, keys: Sequence[str]) -> dict[str, FileFacts]:
        """Those of `keys` that are known."""
        ...

    def put_many(self, facts: Mapping[str, FileFacts]) -> None: ...
