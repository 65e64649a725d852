"""What a Markdown page does not show of its text, and a model would read all the same: taken out, kept for people.

Code is shown as it stands, so nothing is taken out of it; where it is not certain that a page takes something for code,
it is not code here. A page is what forges make of Markdown; a viewer may show less.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass

from coderoute.domain.unseen import REFERENCE, is_unseen_reference

COMMENT_MARK = "[hidden comment removed]"
MARK = "[hidden text removed]"
QUOTE = '"'
QUIET_CHARS = 40
QUIET_WORDS = 3
"""An attribute or a description up to this size is dropped without a word: most images have one."""
MAX_ADDRESS_CHARS = 300
MAX_ROUNDS = 8

ELEMENTS = frozenset(
    re.findall(
        r"\w+",
        """
    a abbr acronym address applet area article aside audio b base bdi bdo big blink blockquote body br button
    canvas caption center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em
    embed fieldset figcaption figure font footer form frame frameset g h1 h2 h3 h4 h5 h6 head header hgroup hr
    html i iframe img image input ins kbd label legend li link main map mark marquee math menu menuitem meta
    meter nav noembed noframes noscript object ol optgroup option output p param path picture plaintext pre
    progress q rb rp rt rtc ruby s samp script search section select slot small source span strike strong
    style sub summary sup svg table tbody td template text textarea tfoot th thead time title tr track tt u ul
    use var video wbr xmp
""",
    )
)
VOID = frozenset(re.findall(r"\w+", "area base br col embed frame hr img image input link meta param source track wbr"))
NEVER_SHOWN = frozenset({"template", "noscript", "noembed", "noframes", "datalist"})
KEPT_ATTRIBUTES = frozenset({"href", "src"})
HIDES = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0(?:\.0*)?(?![.\d])|font-size\s*:\s*0"
    r"|(?:^|[;\s])(?:max-)?(?:width|height)\s*:\s*0|text-indent\s*:\s*-\d{3}|left\s*:\s*-\d{3}|clip(?:-path)?\s*:"
    r"|(?:^|[;\s])color\s*:\s*(?:white|transparent|#f{3}(?:f{3})?\b|rgba?\(\s*255\s*,\s*255\s*,\s*255|rgba\([^)]*,\s*0\s*\))",
    re.IGNORECASE,
)
HIDING_COLOR = re.compile(r"white|transparent|#?f{3}(?:f{3})?", re.IGNORECASE)

ATTRIBUTE = re.compile(r"""([A-Za-z_:@][\w.:@-]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?""")
TAG = re.compile(
    r"""<(?P<close>/?)(?P<name>[A-Za-z][A-Za-z0-9-]*)(?P<attributes>(?:\s+[A-Za-z_:@][\w.:@-]*"""
    r"""(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+))?)*)\s*(?P<end>/?)>"""
)
TITLE = r"""(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\((?:\\.|[^()\\])*\))"""
TARGET = re.compile(rf"\]\(\s*(?P<to><[^<>\n]*>|[^\s()<>]*(?:\([^\s()]*\)[^\s()]*)*)(?:\s+(?P<title>{TITLE}))?\s*\)")
DEFINITION = re.compile(
    rf"\[(?P<label>[^\]\n^][^\]\n]*)\]:[ \t]*\n?[ \t]*(?P<to><[^<>\n]*>|\S+)"
    rf"(?:[ \t]*\n?[ \t]+(?P<title>{TITLE}))?[ \t]*$",
    re.MULTILINE,
)
FOOTNOTE = re.compile(r"\[(?P<label>\^[^\]\n]+)\]:.*(?:\n(?!\n).*)*$", re.MULTILINE)
FORMULA = re.compile(
    r"\\[hv]?phantom\s*\{[^{}]*\}"
    r"|\\(?:text)?color\s*(?:\[[^\]]*\])?\s*\{\s*(?:white|transparent|\#?f{3}(?:f{3})?)\s*\}\s*\{[^{}]*\}",
    re.IGNORECASE,
)
START = re.compile(
    r"`+|<!--|<\?|<!\[CDATA\[|<![A-Za-z]|</?[A-Za-z]|!\[|\]\(|^(?: {0,3}(?:>|[-*+]|\d{1,9}[.)]))*[ \t]*\[|&|\\",
    re.MULTILINE,
)
PARAGRAPH = re.compile(r" {0,3}[^\s#>|*+\-=~`<\[]")
"""A line that a definition cannot follow directly: there it would be a part of the sentence."""
ENDS = {"<!--": "-->", "<?": "?>", "<![CDATA[": "]]>"}
NAMES = {"<!--": "HTML comment", "<?": "processing instruction", "<![CDATA[": "processing instruction"}
ALT = re.compile(r"!\[(?P<alt>(?:[^\[\]\\]|\\.|\[[^\[\]]*\])*)(?=\])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """A piece of text that a page does not show; `kind` in words, `text` as it stood."""

    kind: str
    text: str


def as_shown(text: str) -> tuple[str, tuple[Hidden, ...]]:
    """`text` as its page shows it, and what that left out, in the order it stood."""
    found: list[Hidden] = []
    for _ in range(MAX_ROUNDS):
        before = text
        text = Page(text, found).read()
        if text == before:
            break
    return text, tuple(found)


def folded(text: str) -> int:
    """How many characters stand in parts that a page opens only when it is asked to."""
    code, _ = ranges(text)
    sections = re.finditer(r"(?is)<details\b.*?(?:</details\s*>|\Z)", text)
    return sum(len(match.group()) for match in sections if not any(s <= match.start() < e for s, e in code))


FENCE = re.compile(r"(?P<indent> *)(?P<sign>`{3,}|~{3,})(?P<info>.*)")
HTML_LINE = re.compile(r" {0,3}<[A-Za-z/!?]")
COMMENT_LINE = re.compile(r" {0,3}<!--")
RAW = re.compile(r" {0,3}<(script|pre|style|textarea)\b", re.IGNORECASE)
LINE = re.compile(r"[^\n]*\n|[^\n]+$")
Span = tuple[int, int]


def ranges(text: str) -> tuple[list[Span], list[Span]]:
    """(code, HTML): where fenced blocks stand that a page surely takes for such, and where lines of raw HTML do."""
    lines = LINE.findall(text)
    code: list[Span] = []
    markup: list[Span] = []
    until: str | None = None
    number = place = 0
    while number < len(lines):
        line = lines[number]
        end = None if until is not None else end_of_fence(lines, number)
        if end is not None:
            size = sum(map(len, lines[number:end]))
            code.append((place, place + size))
            number, place = end, place + size
            continue
        before, until = until, still_inside(line, until)
        if before is not None or HTML_LINE.match(line):
            markup.append((place, place + len(line)))
        number, place = number + 1, place + len(line)
    return code, markup


def still_inside(line: str, until: str | None) -> str | None:
    """What ends the HTML that a page is in behind `line`: a text, an empty text for a blank line, or None where it is
    in none. `until` is that of the line before."""
    if until:
        if until not in line.lower():
            return until
        line, until = line.lower().split(until, 1)[1], ""
    if until == "" and not line.strip():
        return None
    inside = until == "" or HTML_LINE.match(line) is not None
    comment = line.rfind("<!--")
    if comment >= 0 and "-->" not in line[comment:] and (inside or COMMENT_LINE.match(line)):
        return "-->"
    raw = RAW.match(line)
    if raw and f"</{raw[1].lower()}" not in line.lower():
        return f"</{raw[1].lower()}"
    return "" if inside else None


def end_of_fence(lines: list[str], at: int) -> int | None:
    """The line behind the fenced block that begins at line `at`; None if there is none, or not surely."""
    opening = FENCE.match(lines[at].rstrip("\n"))
    if opening is None or (opening["sign"][0] == "`" and "`" in opening["info"]):
        return None
    indent, sign = len(opening["indent"]), opening["sign"]
    closing = re.compile(rf" *{re.escape(sign[0])}{{{len(sign)},}}[ \t]*\n?")
    for number in range(at + 1, len(lines)):
        line = lines[number]
        if indent and line.strip() and len(line) - len(line.lstrip(" ")) < indent:
            return None  # the list item that held the block has ended, and the block with it
        if closing.fullmatch(line) and (indent or len(line) - len(line.lstrip(" ")) <= 3):
            return number + 1
    return None if indent else len(lines)


class Page:
    """One reading of a text; what is left out joins `found`."""

    def __init__(self, text: str, found: list[Hidden]) -> None:
        self._text = text
        self._found = found
        self._code_spans, self._html_spans = ranges(text)
        self._code_starts = [start for start, _ in self._code_spans]
        self._html_starts = [start for start, _ in self._html_spans]
        self._without_closer: set[tuple[int, int]] = set()
        self._paragraph_end = 0
        self._references: frozenset[str] | None = None

    def read(self) -> str:
        text, at = self._text, 0
        out: list[str] = []
        while (start := START.search(text, at)) is not None:
            place = start.start()
            code = within(self._code_spans, self._code_starts, place)
            if code is not None:
                out.append(text[at : code[1]])
                at = code[1]
                continue
            out.append(text[at:place])
            shown, at = self._piece(start.group(), place)
            out.append(shown)
        return "".join([*out, text[at:]])

    def _piece(self, sign: str, at: int) -> tuple[str, int]:
        """(what is shown of the piece that begins at `at`, where it ends)."""
        text = self._text
        in_html = within(self._html_spans, self._html_starts, at) is not None
        if sign == "\\":
            formula = FORMULA.match(text, at)
            if formula is not None:
                return self._hide("unseen formula", formula.group(), MARK), formula.end()
            escapes = not in_html and text[at + 1 : at + 2] not in ("<", "&", "\n", "")
            return (text[at : at + 2], at + 2) if escapes else (sign, at + 1)
        if sign.startswith("`"):
            return (sign, at + len(sign)) if in_html else self._code(sign, at)
        if sign in ENDS or sign.startswith("<!"):
            return self._declaration(sign, at)
        if sign.startswith("<"):
            return self._tag(at)
        if sign == "![":
            return self._image(at)
        if sign == "](":
            return self._target(at)
        if sign == "&":
            reference = REFERENCE.match(text, at)
            if reference is not None and is_unseen_reference(reference):
                return self._hide("invisible character reference", reference.group(), ""), reference.end()
            return sign, at + 1
        return self._definition(sign, at)

    def _hide(self, kind: str, hidden: str, mark: str) -> str:
        self._found.append(Hidden(kind=kind, text=hidden))
        return mark

    def _mention(self, kind: str, hidden: str) -> None:
        if says_much(hidden):
            self._found.append(Hidden(kind=kind, text=hidden))

    def _code(self, ticks: str, at: int) -> tuple[str, int]:
        """Code within a paragraph, as it is; the signs alone where nothing in the paragraph closes them."""
        start = at + len(ticks)
        if start > self._paragraph_end:
            ends = [self._text.find("\n\n", start)]
            ends += [after(starts, at) for starts in (self._code_starts, self._html_starts)]
            self._paragraph_end = min((end for end in ends if end >= 0), default=len(self._text))
        paragraph_end = self._paragraph_end
        key = len(ticks), paragraph_end
        if key not in self._without_closer:
            closer = re.compile(rf"(?<!`)`{{{len(ticks)}}}(?!`)").search(self._text, start, paragraph_end)
            if closer is not None:
                return self._text[at : closer.end()], closer.end()
            self._without_closer.add(key)
        return ticks, start

    def _declaration(self, sign: str, at: int) -> tuple[str, int]:
        closing = ENDS.get(sign, ">")
        end = self._text.find(closing, at + len(sign))
        begins_line = at == 0 or self._text[at - 1] == "\n"
        if end < 0 and sign != "<!--" and not begins_line:
            return sign, at + len(sign)
        end = len(self._text) if end < 0 else end + len(closing)
        mark = COMMENT_MARK if sign == "<!--" else MARK
        return self._hide(NAMES.get(sign, "declaration"), self._text[at:end], mark), end

    def _tag(self, at: int) -> tuple[str, int]:
        tag = TAG.match(self._text, at)
        if tag is None:
            return self._text[at : at + 2], at + 2
        name = tag["name"].lower()
        given = [(key.lower(), a or b or c) for key, a, b, c in ATTRIBUTE.findall(tag["attributes"])]
        if name not in ELEMENTS and not any(says_much(value) for _, value in given):
            return self._text[at : at + 2], at + 2
        if not tag["close"] and name not in VOID and (name in NEVER_SHOWN or any(hides(*one) for one in given)):
            end = self._end_of_element(name, tag.end())
            return self._hide("hidden element", self._text[at:end], MARK), end
        kept = "".join(
            f' {key}="{self._address(value).replace(QUOTE, "%22")}"'
            for key, value in given
            if key in KEPT_ATTRIBUTES and value
        )
        for key, value in given:
            if key not in KEPT_ATTRIBUTES:
                self._mention("HTML attribute", f"{key}={value}" if value else key)
        said = " ".join(key for key, value in given if not value)
        if len(said.split()) > QUIET_WORDS:
            self._mention("HTML attribute", said)
        return f"<{tag['close']}{tag['name']}{kept}{' /' if tag['end'] else ''}>", tag.end()

    def _end_of_element(self, name: str, start: int) -> int:
        depth = 1
        for tag in re.finditer(rf"<(/?){re.escape(name)}\b[^>]*>", self._text[start:], re.IGNORECASE):
            depth += -1 if tag[1] else 1
            if depth == 0:
                return start + tag.end()
        return len(self._text)

    def _image(self, at: int) -> tuple[str, int]:
        alt = ALT.match(self._text, at)
        if alt is None:
            return "![", at + 2
        said = alt["alt"]
        if not says_much(said):
            return alt.group(), alt.end()
        self._found.append(Hidden(kind="image description", text=said))
        return "![", alt.end()

    def _target(self, at: int) -> tuple[str, int]:
        """Where a link or an image points, without its title."""
        target = TARGET.match(self._text, at)
        if target is None:
            return "](", at + 2
        if target["title"]:
            self._mention("link title", target["title"])
        if self._text[at - 1 : at] == "[" and self._text[at - 2 : at] != "![" and target["to"]:
            return f"]({self._hide('link without words', target['to'], 'removed')})", target.end()
        return f"]({self._address(target['to'])})", target.end()

    def _address(self, address: str) -> str:
        """An address as far as it can be one: no data, no sentence."""
        bare = address.strip("<>")
        if re.match(r"(?i)\s*(?:data|javascript|vbscript):", bare):
            return self._hide("address with data", bare, "removed")
        first = bare.split()[0] if bare.split() else ""
        if first != bare or len(first) > MAX_ADDRESS_CHARS:
            self._found.append(Hidden(kind="long address", text=bare))
        return first[:MAX_ADDRESS_CHARS]

    def _definition(self, sign: str, at: int) -> tuple[str, int]:
        """A link's or a footnote's definition: shown only by what refers to it."""
        start = at + len(sign) - 1
        literal = sign, start + 1
        lead = sign[:-1]
        footnote = FOOTNOTE.match(self._text, start)
        if footnote is not None:
            if self._is_referred_to(footnote["label"]):
                return literal
            return lead + self._hide("footnote nobody refers to", footnote.group(), MARK), footnote.end()
        definition = DEFINITION.match(self._text, start)
        if definition is None or self._is_within_paragraph(at):
            return literal
        says_nothing = definition["to"].strip("<>") in ("", "#", "/", ".", "about:blank")
        if says_nothing or not self._is_referred_to(definition["label"]):
            return lead + self._hide("link definition", definition.group(), MARK), definition.end()
        if definition["title"]:
            self._mention("link title", definition["title"])
        return f"{lead}[{definition['label']}]: {self._address(definition['to'])}", definition.end()

    def _is_within_paragraph(self, at: int) -> bool:
        """Whether the line that begins at `at` goes on with a sentence."""
        begin = self._text.rfind("\n", 0, max(at - 1, 0)) + 1
        return at > 0 and PARAGRAPH.match(self._text, begin, at) is not None

    def _is_referred_to(self, label: str) -> bool:
        if self._references is None:
            found = re.finditer(r"\[([^\[\]]+)\](?!:)", self._text)
            self._references = frozenset(" ".join(one[1].casefold().split()) for one in found)
        return " ".join(label.casefold().split()) in self._references


def within(spans: list[Span], starts: list[int], place: int) -> Span | None:
    """The span that holds `place`."""
    index = bisect_right(starts, place) - 1
    return spans[index] if index >= 0 and place < spans[index][1] else None


def after(starts: list[int], place: int) -> int:
    """The first of `starts` behind `place`, -1 without one."""
    index = bisect_right(starts, place)
    return starts[index] if index < len(starts) else -1


def says_much(text: str) -> bool:
    return len(text) > QUIET_CHARS or len(text.split()) > QUIET_WORDS


def hides(attribute: str, value: str) -> bool:
    """Whether an attribute keeps its element from being seen."""
    match attribute:
        case "hidden":
            return True
        case "style":
            return HIDES.search(value) is not None
        case "color":
            return HIDING_COLOR.fullmatch(value.strip()) is not None
        case "size" | "width" | "height":
            return value.strip() == "0"
        case "aria-hidden":
            return False  # it is hidden from who does not see, not from who does
        case _:
            return False
