"""What a person can do about each finding of the admission rules."""

ASK = "read it; it needs its own acknowledgement at the gate"

ADVICE = {
    "path.traversal": "the path leaves the repository; whoever made this meant harm, or a tool is broken",
    "path.dotgit": "some file system takes this for git's own folder; whoever made this meant harm",
    "path.control": "rename the file: use visible letters only",
    "path.invisible": "rename the file: use visible letters only",
    "path.encoding": "rename the file: write its name in UTF-8, composed (NFC)",
    "path.length": "shorten the path",
    "path.name": "rename the file: no colon, no dash in front, no space or dot at an end",
    "path.collision": "rename one of the two",
    "path.gitmodules": "change submodules by hand; this program does not",
    "type.symlink": "put a file in the link's place, or make the link by hand",
    "type.gitlink": "change submodules by hand; this program does not",
    "type.change": "remove the link in a commit of your own first",
    "type.mode": "make it a plain file (mode 100644 or 100755)",
    "text.bidi": "take the character out: it makes the line read otherwise than it runs",
    "text.control": "take the character out: it can rewrite what a terminal shows",
    "text.invisible": "take the character out, or write it as an escape",
    "content.binary": "leave the file out, or add it by hand; pictures, fonts and message catalogues are taken",
    "size.line": "break the line, or make the file where it is needed",
    "size.file": "leave the file out, or add it by hand",
    "size.total": "split the change",
    "secret.in_diff": "take the key out, and revoke it: it has been written down",
    "content.asset": f"{ASK}; open it in a viewer you trust",
    "text.direction": f"{ASK}; somebody who reads that language should",
    "text.mixed_script": f"{ASK}; two letters that look alike are two names",
    "tests.removed": f"{ASK}; what is not tested any more?",
    "tests.weakened": f"{ASK}; what would the test have found before?",
    "tests.harness": f"{ASK}; do the same tests still run?",
    "deps.changed": f"{ASK}; do you know the package and where it comes from?",
    "mode.exec": f"{ASK}; who runs it?",
}
"""Rule -> what to do. Other protected rules have `ASK`."""


def advice(rule: str) -> str:
    return ADVICE.get(rule, ASK)
