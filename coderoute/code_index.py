"""Facts about every file of a tree, each blob read once in its life."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from coderoute.domain.code_facts import FileFacts
from coderoute.domain.plain_code import plain_facts
from coderoute.domain.work import TreeFile
from coderoute.ports import Repository
from coderoute.ports.code import CodeReader, FactsStore

FILES_A_BATCH = 400
"""Bounds the memory: so many blobs are held at once."""


class CodeIndex:
    """What `reader` makes of files, remembered in `store` by the blob's id, the language and the reader's version."""

    def __init__(self, reader: CodeReader, store: FactsStore) -> None:
        self._reader = reader
        self._store = store
        self._reader_id = hashlib.sha256(reader.version.encode()).hexdigest()[:12]

    def facts(self, files: Iterable[TreeFile], repository: Repository) -> dict[str, FileFacts]:
        """By path, in the order of `files`."""
        keys = {file.path: f"{file.oid}:{self._reader.language(file.path)}:{self._reader_id}" for file in files}
        return self._known_and_read(keys, repository)

    def _known_and_read(self, keys: dict[str, str], repository: Repository) -> dict[str, FileFacts]:
        found = self._store.get_many(list(keys.values()))
        missing = {key: path for path, key in keys.items() if key not in found}
        waiting = list(missing.items())
        for start in range(0, len(waiting), FILES_A_BATCH):
            batch = waiting[start : start + FILES_A_BATCH]
            blobs = repository.read_many([key.partition(":")[0] for key, _ in batch])
            read = {key: self._reader.facts(path, blobs[key.partition(":")[0]]) for key, path in batch}
            self._store.put_many(read)
            found |= read
        return {path: found[key] for path, key in keys.items()}


def plain_index() -> CodeIndex:
    """Reads by patterns and remembers nothing: for where nobody gave an index."""
    return CodeIndex(_Plain(), _Forgetful())


class _Plain:
    version = "plain"

    def language(self, path: str) -> str:
        del path
        return "text"

    def facts(self, path: str, data: bytes) -> FileFacts:
        del path
        return plain_facts(data)


class _Forgetful:
    def get_many(self, keys: Sequence[str]) -> dict[str, FileFacts]:
        del keys
        return {}

    def put_many(self, facts: Mapping[str, FileFacts]) -> None:
        del facts
