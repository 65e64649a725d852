"""How long the code index takes on one clone: nothing known, everything known, one file changed.

python benchmarks/index_speed.py --repo GIT_DIR
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from fixes import Clone

from coderoute.adapters.code_plain import PlainReader
from coderoute.adapters.code_treesitter import TreeSitterReader
from coderoute.adapters.code_treesitter.grammars import ENDINGS
from coderoute.adapters.code_treesitter.reader import tools
from coderoute.adapters.facts_sqlite import SqliteFacts
from coderoute.code_index import CodeIndex
from coderoute.domain.issue_words import issue_words
from coderoute.domain.relevance import TreeFacts, relevance
from coderoute.stages.locate import readable


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of wall time and of CPU; only the second is fair on a busy machine."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repo", type=Path, required=True, help="a git directory")
    parser.add_argument("--code-only", action="store_true", help="only files with a grammar")
    chosen = parser.parse_args()
    clone = Clone(chosen.repo)
    tree = clone.git("rev-parse", "HEAD^{tree}").strip()
    parsed = [f for f in clone.files(tree) if readable(f) and f.path.rpartition(".")[2] in ENDINGS]
    files = parsed if chosen.code_only else [f for f in clone.files(tree) if readable(f)]
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
        rows["ranking"] = timed(lambda: relevance(TreeFacts(facts), words, frozenset()))
        kilobytes = path.stat().st_size // 1024
    print("| what | wall s | CPU s | files/s of CPU |", "|---|---|---|---|", sep="\n")
    for name, (wall, cpu) in rows.items():
        print(f"| {name} | {wall:.2f} | {cpu:.2f} | {len(files) / cpu:.0f} |")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"index file {kilobytes} kB; peak memory of this process, all blobs of the benchmark included, {peak} MiB")
    clone.close()


if __name__ == "__main__":
    main()
