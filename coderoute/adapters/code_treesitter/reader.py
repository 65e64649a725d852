"""Files by the grammar of their language where there is one, by another reader where there is none or it fails."""

from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from coderoute.adapters.code_treesitter.grammars import ENDINGS, GRAMMARS
from coderoute.adapters.code_treesitter.workers import Job, NotParsed, Workers
from coderoute.domain.code_facts import FileFacts
from coderoute.ports.code import CodeReader, SourceFile

FORMAT = "tree-2"
"""Change it with the queries or with what facts are."""
FILES_A_ROUND = 200
MAX_PARSED_BYTES = 1_000_000
SNIFFED_BYTES = 8192


class TreeSitterReader:
    """ports.CodeReader for the languages of GRAMMARS; `others` reads the rest, and what a parser does not survive."""

    def __init__(self, others: CodeReader) -> None:
        self._others = others
        self.version = "+".join((FORMAT, others.version, *(f"{name}={installed(name)}" for name in distributions())))

    def language(self, path: str) -> str:
        return grammar_of(path) or self._others.language(path)

    def facts(self, files: Iterable[SourceFile]) -> Iterator[FileFacts | None]:
        workers = Workers()
        try:
            waiting: list[SourceFile] = []
            for file in files:
                waiting.append(file)
                if len(waiting) >= FILES_A_ROUND:
                    yield from self._round(waiting, workers)
                    waiting = []
            yield from self._round(waiting, workers)
        finally:
            workers.close()

    def _round(self, files: list[SourceFile], workers: Workers) -> Iterator[FileFacts | None]:
        jobs = {n: job for n, file in enumerate(files) if (job := job_for(file)) is not None}
        parsed = dict(zip(jobs, workers.parse(list(jobs.values())), strict=True))
        for number, file in enumerate(files):
            match parsed.get(number, NotParsed.UNUSABLE):
                case NotParsed.NOT_TRIED:
                    yield None
                case NotParsed():
                    yield from self._others.facts([file])
                case facts:
                    yield facts


def job_for(file: SourceFile) -> Job | None:
    language = grammar_of(file.path)
    if language is None or len(file.data) > MAX_PARSED_BYTES or b"\0" in file.data[:SNIFFED_BYTES]:
        return None
    return Job(language=language, data=file.data)


def grammar_of(path: str) -> str | None:
    """A name of GRAMMARS, None where the wheel is not installed."""
    name = ENDINGS.get(path.rpartition(".")[2].lower())
    if name is None or "none" in (installed("tree-sitter"), installed(GRAMMARS[name].distribution)):
        return None
    return name


def distributions() -> tuple[str, ...]:
    return ("tree-sitter", *sorted({grammar.distribution for grammar in GRAMMARS.values()}))


@cache
def installed(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "none"
