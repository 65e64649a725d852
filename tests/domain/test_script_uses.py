"""Which script uses which, by relative paths; a name that is none makes it a matter of doubt."""

import pytest

from coderoute.domain.script_uses import is_named_otherwise, uses


@pytest.mark.parametrize(("text", "used"), [
    ("import { a } from './a'", {"src/a.ts"}), ('import a from "./a.js"', {"src/a.ts"}), ("import './a'", {"src/a.ts"}),
    ("const a = require('./a');", {"src/a.ts"}), ("await import('./a')", {"src/a.ts"}),
    ("jest.mock('./a')", {"src/a.ts"}), ("vi.mock(\"./a\")", {"src/a.ts"}), ("export * from './b'", {"src/b/index.js"}),
    ("import {\n  a,\n  b\n} from './b/index.js'", {"src/b/index.js"}), ("import x from '../lib/c.mjs'", {"lib/c.mjs"}),
    ("import fs from 'fs'", set()), ("import x from './gone'", set()), ("// see ./a", set()),
])  # fmt: skip
def test_a_script_uses(text: str, used: set[str]) -> None:
    files = {"src/a.ts": "", "src/b/index.js": "", "lib/c.mjs": "", "src/d.py": "from './a'"}
    assert uses({**files, "src/x.ts": text})["src/x.ts"] == used
    assert "src/d.py" not in uses(files)


@pytest.mark.parametrize(("text", "otherwise"), [
    ("import a from '@/a'", True), ("import a from 'src/a.js'", True), ("import b from '~/b'", True),
    ("import a from './a'", False), ("import a from 'a'", False), ("import a from '@scope/other'", False),
])  # fmt: skip
def test_an_alias(text: str, otherwise: bool) -> None:
    texts = {"src/x.ts": text}
    assert (is_named_otherwise("src/a.ts", texts) or is_named_otherwise("src/b/index.ts", texts)) is otherwise
