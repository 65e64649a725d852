"""A repository's first coderoute.toml: what was found is set, all else stands there as a comment that explains it.

A line that begins with `#` and a letter is a setting with its default or an example: without its `#` it is right TOML
that our own loader takes. A line that begins with `# ` is a sentence.
"""

from collections.abc import Iterable, Iterator, Mapping
from textwrap import wrap

from coderoute.domain.test_frameworks import framework_of
from coderoute.settings.detect.found import Detection, Found
from coderoute.settings.models import DEFAULTS as MODELS
from coderoute.settings.schema import Settings

WIDTH = 118


def draft(found: Detection) -> str:
    """The text of the file."""
    default = Settings()
    sections = (
        head(),
        test_section(found.first, default),
        sandbox_section(found, default),
        models_section(),
        rest(default),
    )
    return "\n".join(line for section in sections for line in (*section, "")).rstrip("\n") + "\n"


def head() -> Iterator[str]:
    yield from sentence(
        "How coderoute works on this repository, written by `coderoute init`. A line such as `#budget_usd = 3.00` is a "
        "setting with its default or an example: take its # away to use it."
    )
    yield from sentence(
        "A run reads this file at the commit it starts from, so commit it. The first run shows the commands and the "
        "image that stand here, and asks you before it uses them."
    )
    yield from sentence(
        "Keys, endpoints, [prices], [people] and [trust] are yours alone and belong in your own settings: "
        "`coderoute doctor` says what is missing."
    )


def test_section(found: Found | None, default: Settings) -> Iterator[str]:
    yield from sentence("How the tests are run, from the root, in a sandbox without network.")
    yield "[test]"
    if found is None or found.command is None:
        why = "nothing here is known to coderoute" if found is None else f"{found.language}: {found.why_command}"
        yield from sentence(
            f'No test command was found ({why}). Without tests write "": then nothing verifies a change.'
        )
        yield f"#command = {quoted(default.test.command)}"
    else:
        yield from sentence(f"{found.language}: {found.why_command}.")
        yield f"command = {quoted(found.command)}"
        yield from sentence("Whose report tells of each test; it follows from the command where it is not set.")
        mark = "" if found.framework is not None else "#"
        yield f"{mark}framework = {quoted(found.framework or framework_of(found.command))}"
    yield f"#timeout_s = {default.test.timeout_s:g}"
    yield from sentence("Variables of the tests.")
    env = {} if found is None else found.env
    yield f"env = {table(env)}" if env else '#env = { PYTHONHASHSEED = "0" }'


def sandbox_section(found: Detection, default: Settings) -> Iterator[str]:
    first = found.first
    yield from sentence("The machine on which tests and models work. Set-up runs once, with network, before any model.")
    yield "[sandbox]"
    if first is not None and first.setup:
        yield from sentence(f"{first.language}: {first.why_setup}.")
        yield f"setup = {array(first.setup)}"
    else:
        why = f" ({first.why_setup})" if first is not None and first.why_setup else ""
        yield from sentence(f"Shell commands that install what the tests need; none was found to be needed{why}.")
        yield '#setup = ["pip install -e ."]'
    for note in () if first is None else first.notes:
        yield from sentence(f"Look at this: {note}.")
    yield from sentence(
        "The image is coderoute's own where none is named: Debian with Python 3.11, git, make and pytest, no compiler. "
        "Another one needs a shell and GNU tar."
    )
    image = None if first is None else first.image
    yield f"#image = {quoted(image or 'python:3.12')}"
    for other in found.others:
        yield from sentence(f"Also here is {described(other)}")
    limits = default.sandbox
    yield f"#cpus = {limits.cpus:g}"
    yield f"#memory_mb = {limits.memory_mb}"
    yield f"#pids = {limits.pids}"
    yield f"#disk_mb = {limits.disk_mb}"


def described(found: Found) -> str:
    """Another language of the repository, in a sentence with what its settings would be."""
    where = f" in {found.folder}" if found.folder else ""
    tests = f"tests: {found.command}" if found.command is not None else f"no tests: {found.why_command}"
    setup = f"; set-up: {'; '.join(found.setup)}" if found.setup else ""
    image = f"; image, for example: {found.image}" if found.image is not None else ""
    return f"{found.language}{where} ({tests}{setup}{image})."


def models_section() -> Iterator[str]:
    yield from sentence(
        "Which model does what. Without a word here the key that you have chooses: ANTHROPIC_API_KEY or "
        "OPENAI_API_KEY. The frontier model plans and takes over what cheap ones fail at, premium reviews (frontier "
        "if not named)."
    )
    for role in ("frontier", "cheap"):
        model = MODELS["anthropic", role]
        yield f"#[models.{role}]"
        yield f"#provider = {quoted(model.provider)}"
        yield f"#model = {quoted(model.model)}"
        if model.effort is not None:
            yield f"#effort = {quoted(model.effort)}"
    other = MODELS["openai", "frontier"]
    yield "#[models.premium]"
    yield f"#provider = {quoted(other.provider)}"
    yield f"#model = {quoted(other.model)}"
    yield ""
    yield from sentence(
        "Who does a stage or a kind of step, where it should not be the plan's choice: code, cheap, frontier, premium "
        "or human. `coderoute routes` shows them all, with prices."
    )
    yield "#[routes]"
    yield '#edit.cross = "frontier"'
    yield '#docs = "cheap"'


def rest(default: Settings) -> Iterator[str]:
    yield from sentence("Whether broken versions of a change are tried against the tests: how much would they notice?")
    yield "#[verify]"
    yield f"#mutation = {str(default.verify.mutation).lower()}"
    yield ""
    yield from sentence("The most a run may use. Of these and your own limits the stricter hold.")
    limits = default.limits
    yield "#[limits]"
    yield f"#budget_usd = {limits.budget_usd}"
    yield f"#max_turns = {limits.max_turns}"
    yield f"#diff_lines = {limits.diff_lines}"
    yield f"#diff_files = {limits.diff_files}"
    yield f"#parallel_steps = {limits.parallel_steps}"
    yield f"#docker_runs = {limits.docker_runs}"
    yield ""
    yield from sentence("What must be acknowledged on its own at the gate, beside what always must, and by whom.")
    yield "#[gate]"
    yield '#protected_paths = ["infra/", "*.sql"]'
    yield f"#require_other_approver = {str(default.gate.require_other_approver).lower()}"
    yield ""
    yield from sentence("Pull requests.")
    yield "#[github]"
    yield f"#draft = {str(default.github.draft).lower()}"
    yield "#labels = []"
    yield f"#line_comments = {str(default.github.line_comments).lower()}"


def sentence(text: str) -> Iterator[str]:
    """`text` as comment lines; what could end a comment or lie to the eye is spelled out."""
    plain = "".join(character if character.isprintable() else f"<U+{ord(character):04X}>" for character in text)
    for line in wrap(plain, WIDTH, break_on_hyphens=False):
        yield f"# {line}"


def quoted(text: str) -> str:
    """A TOML string on one line."""
    short = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
    return '"' + "".join(short.get(c) or (c if c.isprintable() else f"\\U{ord(c):08X}") for c in text) + '"'


def array(texts: Iterable[str]) -> str:
    """A TOML array of strings, a line each where there are several."""
    entries = [quoted(text) for text in texts]
    return f"[{entries[0]}]" if len(entries) == 1 else "".join(["[\n", *(f"    {e},\n" for e in entries), "]"])


def table(entries: Mapping[str, str]) -> str:
    return "{ " + ", ".join(f"{quoted(name)} = {quoted(value)}" for name, value in entries.items()) + " }"
