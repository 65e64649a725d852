"""What aider's repository map makes of the same fixes: a row of JSON each, for `locate.py --also`.

    pip install aider-chat                                      # in an environment of its own
    PYTHONPATH=. python benchmarks/locate_aider.py --repos DIR --out aider.jsonl [--per-repo 5] [--skip 0]

It is asked as aider asks it before a first message: no file is in the chat, the words of the issue are the identifiers
that are mentioned. Checkouts are made in a temporary folder, one a clone, so that its own cache can help it.
"""

import argparse
import json
import os
import re
import subprocess
import tempfile
import time
from pathlib import Path

from aider.io import InputOutput
from aider.repomap import RepoMap
from fixes import Clone, Fix, clones, is_source, mine

MAP_TOKENS = (1024, 2048, 4096)
CHARACTERS_A_TOKEN = 4
"""For both maps: equal tokens are equal characters here."""
LEAST_NAME = 5


class Counted:
    """All that the map asks of a model."""

    def token_count(self, text: str) -> int:
        return len(text) // CHARACTERS_A_TOKEN


def check_out(clone: Clone, git_dir: str, fix: Fix, folder: Path) -> list[str]:
    """The tree before the fix in `folder`; files that did not change keep their times."""
    index = {**os.environ, "GIT_INDEX_FILE": str(folder.parent / "index")}
    git = ["git", f"--git-dir={git_dir}", f"--work-tree={folder}", "-c", "core.hooksPath=/dev/null",
           "-c", "core.symlinks=false"]  # fmt: skip
    subprocess.run([*git, "read-tree", "--reset", "-u", fix.parent_tree], env=index, check=True, capture_output=True)
    return [file.path for file in clone.files(fix.parent_tree) if (folder / file.path).is_file()]


def mapped(fix: Fix, paths: list[str], folder: Path, map_: RepoMap) -> dict[str, object]:
    """The order in which its ranking names sources, and which sources are in its map of each size."""
    words = set(re.split(r"\W+", f"{fix.title}\n{fix.body}"))
    small = {word.lower() for word in words if len(word) >= LEAST_NAME}
    mentioned = {path for path in paths if Path(path).stem.lower() in small}
    absolute = [str(folder / path) for path in paths]
    started = time.perf_counter()
    tags = map_.get_ranked_tags([], absolute, mentioned, words)
    order = list(dict.fromkeys(tag[0] for tag in tags if is_source(tag[0])))
    seconds = time.perf_counter() - started
    maps = {}
    map_.get_ranked_tags = lambda *_, **__: tags  # it would rank anew for each size
    for tokens in MAP_TOKENS:
        text = map_.get_ranked_tags_map([], absolute, tokens, mentioned, words, force_refresh=True) or ""
        lines = {line.rstrip(":") for line in text.splitlines()}
        maps[tokens] = {"tokens": len(text) // CHARACTERS_A_TOKEN, "files": sorted(set(order) & lines)}
    del map_.get_ranked_tags
    return {"commit": fix.commit, "order": order[:50], "maps": maps, "seconds": round(seconds, 3)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repos", type=Path, required=True, help="a folder of clones, bare or not")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--per-repo", type=int, default=5)
    parser.add_argument("--skip", type=int, default=0)
    chosen = parser.parse_args()
    known = {json.loads(row)["commit"] for row in chosen.out.read_text().splitlines()} if chosen.out.exists() else set()
    with chosen.out.open("a") as out:
        for clone in clones(chosen.repos):
            with tempfile.TemporaryDirectory() as scratch:
                folder = Path(scratch, "tree")
                folder.mkdir()
                io = InputOutput(yes=True, pretty=False, fancy_input=False)
                map_ = RepoMap(root=str(folder), main_model=Counted(), io=io, refresh="always")
                for fix in (fix for fix in mine(clone, chosen.per_repo, chosen.skip) if fix.commit not in known):
                    paths = check_out(clone, clone.git_dir, fix, folder)
                    row = mapped(fix, paths, folder, map_)
                    out.write(json.dumps(row) + "\n")
                    out.flush()
            clone.close()


if __name__ == "__main__":
    main()
