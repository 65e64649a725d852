"""Commands that call a script of package.json: `npm test`, `yarn test`, `pnpm run test`."""

import re

from coderoute.stages.verify.runners.calls import Call, calls, only_call, replaced

_RUN = frozenset({"run", "run-script"})
_NEEDS_DASHES = frozenset({"npm"})
"""npm keeps arguments to itself unless they stand behind `--`."""


def is_script_call(call: Call) -> bool:
    texts = [text for text in call.texts() if not re.match(r"[A-Za-z_]\w*=", text)]
    if not texts or texts[0] not in ("npm", "yarn", "pnpm", "bun"):
        return False
    words = [text for text in texts[1:] if not text.startswith("-") and text not in _RUN]
    return bool(words) and (words[0] in ("t", "test") or bool(_RUN & set(texts)) or texts[0] in ("yarn", "pnpm"))


def with_arguments(call: Call, arguments: str) -> tuple[int, int, str]:
    """The change that hands `arguments` (shell text) on to the script that `call` runs."""
    dashes = call.words[0].text in _NEEDS_DASHES and "--" not in call.texts()
    return call.end, call.end, f" -- {arguments}" if dashes else f" {arguments}"


def script_arguments(command: str, arguments: str) -> str | None:
    """`command` with `arguments` for its script, None unless it is one call of a script and nothing else."""
    call = only_call(command)
    if call is None or not is_script_call(call):
        return None
    return replaced(command, (with_arguments(call, arguments),))


def script_calls(command: str) -> tuple[Call, ...]:
    return tuple(call for call in calls(command) if is_script_call(call))
