"""How long the code index takes on one clone: nothing known, everything known, one file changed.

python benchmarks/index_speed.py --repo GIT_DIR
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from fixes import Clone

from coderoute.adapters.code_plain import PlainReader
from coderoute.adapters.code_treesitter import TreeSitterReader
from coderoute.adapters.code_treesitter.grammars import ENDINGS
from coderoute.adapters.code_treesitter.parsing import tools
from coderoute.adapters.facts_sqlite import SqliteFacts
from coderoute.code_index import CodeIndex
from coderoute.domain.issue_words import issue_words
from coderoute.domain.relevance import Question, TreeFacts, relevance
from coderoute.domain.work import TreeFile
from coderoute.stages.locate import readable


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of wall time and of CPU, processes that parse included; only the second is fair on a busy machine."""
    wall, cpu = time.perf_counter(), cpu_s()
    work()
    return time.perf_counter() - wall, cpu_s() - cpu


def cpu_s() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


class Forgetting(Clone):
    """As the product reads: a blob is given once."""

    def read_many(self, oids: Sequence[str]) -> dict[str, bytes]:
        found = super().read_many(oids)
        self._blobs.clear()
        return found


def peak_mib(repo: Path, index: Path, code_only: bool) -> str:
    """Of a new process that indexes and ranks: its own, and the largest of those that parse."""
    arguments = ["--repo", str(repo), "--index", str(index), *(["--code-only"] if code_only else [])]
    ended = subprocess.run([sys.executable, __file__, *arguments], check=True, capture_output=True, text=True)
    return ended.stdout.strip()


def index_once(repo: Path, index: Path, code_only: bool) -> None:
    clone = Forgetting(repo)
    tree = clone.git("rev-parse", "HEAD^{tree}").strip()
    files = chosen_files(clone, tree, code_only)
    facts = CodeIndex(TreeSitterReader(PlainReader()), SqliteFacts(index)).facts(files, clone)
    words = issue_words("HTTP timeout is ignored", "`client.send()` should use the timeout of the request.")
    relevance(Question(TreeFacts(facts), words), frozenset())
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(own, "MiB,", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, "MiB")
    clone.close()


def chosen_files(clone: Clone, tree: str, code_only: bool) -> list[TreeFile]:
    return [f for f in clone.files(tree) if readable(f) and (not code_only or f.path.rpartition(".")[2] in ENDINGS)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repo", type=Path, required=True, help="a git directory")
    parser.add_argument("--code-only", action="store_true", help="only files with a grammar")
    parser.add_argument("--index", type=Path, help="only index once, into this file, and print the peak of memory")
    chosen = parser.parse_args()
    if chosen.index is not None:
        index_once(chosen.repo, chosen.index, chosen.code_only)
        return
    clone = Clone(chosen.repo)
    tree = clone.git("rev-parse", "HEAD^{tree}").strip()
    parsed = [f for f in clone.files(tree) if readable(f) and f.path.rpartition(".")[2] in ENDINGS]
    files = chosen_files(clone, tree, chosen.code_only)
    blobs = clone.read_many([file.oid for file in files])
    lines = sum(blobs[file.oid].count(b"\n") for file in parsed)
    print(f"{len(files)} files, of them {len(parsed)} with a grammar: {lines} lines")

    def parse() -> None:
        for file in parsed:
            parser, _ = tools(ENDINGS[file.path.rpartition(".")[2]])
            parser.parse(blobs[file.oid])

    rows = {"parse alone (the floor)": timed(parse)}
    reader = TreeSitterReader(PlainReader())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.db"
        rows["index, nothing known"] = timed(lambda: CodeIndex(reader, SqliteFacts(path)).facts(files, clone))
        rows["index, all known"] = timed(lambda: CodeIndex(reader, SqliteFacts(path)).facts(files, clone))
        changed = next(file for file in parsed if len(blobs[file.oid]) > 10_000)
        new = replace(changed, oid="f" * 40)
        clone.remember(new.oid, blobs[changed.oid] + b"\n# changed\n")
        after = [new if file is changed else file for file in files]
        rows["index, one file changed"] = timed(lambda: CodeIndex(reader, SqliteFacts(path)).facts(after, clone))
        facts = CodeIndex(reader, SqliteFacts(path)).facts(after, clone)
        words = issue_words("HTTP timeout is ignored", "`client.send()` should use the timeout of the request.")
        rows["ranking"] = timed(lambda: relevance(Question(TreeFacts(facts), words), frozenset()))
        kilobytes = path.stat().st_size // 1024
        peaks = [peak_mib(chosen.repo, Path(folder) / "other.db", chosen.code_only) for _ in range(2)]
    print("| what | wall s | CPU s | files/s of CPU |", "|---|---|---|---|", sep="\n")
    for name, (wall, cpu) in rows.items():
        print(f"| {name} | {wall:.2f} | {cpu:.2f} | {len(files) / cpu:.0f} |")
    print(f"index file {kilobytes} kB; peak of the process and of the largest that parses: cold {peaks[0]}, "
          f"all known {peaks[1]}")  # fmt: skip
    clone.close()


if __name__ == "__main__":
    main()
