"""Tests of languages that are compared by lines: what is found, and what is left in peace."""

import pytest

from coderoute.domain.weakening import weakenings

JS = """\
import { add } from '../add'

describe('add', () => {
  it('adds', () => {
    expect(add(1)).toBe(2)
    expect(add(2)).toBe(3)
  })

  it('fails', () => {
    expect(() => add()).toThrow(TypeError)
  })
})
"""

GO = """\
package add

func TestAdd(t *testing.T) {
\tif add(1) != 2 {
\t\tt.Fatal("no")
\t}
}

func TestMore(t *testing.T) {
\trequire.Equal(t, 3, add(2))
}
"""

RUST = """\
#[test]
fn adds() {
    assert_eq!(add(1), 2);
}

#[test]
fn adds_more() {
    assert!(add(2) > 2);
}
"""

JAVA = """\
class AddTest {
    @Test
    void adds() {
        assertEquals(2, add(1));
    }

    @Test
    void fails() {
        assertThrows(IllegalStateException.class, () -> add(null));
    }
}
"""

RUBY = """\
describe Add do
  it 'adds' do
    expect(add(1)).to eq(2)
  end

  it 'fails' do
    expect { add(nil) }.to raise_error(TypeError)
  end
end
"""

CSHARP = """\
public class AddTests {
    [Fact]
    public void Adds() {
        Assert.Equal(2, Add(1));
    }
}
"""

PHP = """\
class AddTest extends TestCase {
    public function testAdds() {
        $this->assertSame(2, add(1));
    }
}
"""

PYTHON = "print 'old'\n\ndef test_a():\n    assert f(1) == 2\n\ndef test_b():\n    assert g(1) == 2\n"

SOURCES = {
    "web/add.test.ts": JS, "add_test.go": GO, "tests/add.rs": RUST, "src/test/java/AddTest.java": JAVA,
    "spec/add_spec.rb": RUBY, "tests/AddTests.cs": CSHARP, "tests/AddTest.php": PHP, "tests/test_old.py": PYTHON,
}  # fmt: skip

WEAKER = [
    ("web/add.test.ts", "it('adds'", "it.skip('adds'", "does not run"),
    ("web/add.test.ts", "it('adds'", "xit('adds'", "does not run"),
    ("web/add.test.ts", "it('adds'", "it.only('adds'", "keeps others from running"),
    ("web/add.test.ts", "describe('add'", "describe.skip('add'", "does not run"),
    ("web/add.test.ts", "it('adds'", "it.todo('adds'", "`it.todo('adds'"),
    ("web/add.test.ts", "    expect(add(2)).toBe(3)\n", "", "`expect(add(2)).toBe(3)`"),
    ("web/add.test.ts", "toBe(2)", "toBeTruthy()", "became `expect(add(1)).toBeTruthy()`"),
    ("web/add.test.ts", "toBe(2)", "toBe(3)", "`expect(add(1)).toBe(2)` became `expect(add(1)).toBe(3)`"),
    ("web/add.test.ts", "expect(add(1)).toBe(2)", "expect(true).toBe(true)", "asserts nothing"),
    ("web/add.test.ts", "expect(add(1)).toBe(2)", "expect(x).toEqual(x)", "asserts nothing"),
    ("web/add.test.ts", "    expect(add(1))", "    // expect(add(1))", "removed or changed"),
    (
        "web/add.test.ts",
        "    expect(add(1)).toBe(2)",
        "    /*\n    expect(add(1)).toBe(2)\n    */",
        "removed or changed",
    ),
    ("web/add.test.ts", "import", "jest.mock('../add')\nimport", "stand-in"),
    ("web/add.test.ts", "import", "vi.mock('../add', () => ({ add: () => 2 }))\nimport", "stand-in"),
    ("web/add.test.ts", "toThrow(TypeError)", "toThrow()", "an assertion changed"),
    (
        "web/add.test.ts",
        "  it('fails', () => {\n    expect(() => add()).toThrow(TypeError)\n  })\n",
        "",
        "removed or renamed: `it('fails'",
    ),
    ("web/add.test.ts", "    expect(add(1))", "    if (false) {\n    expect(add(1))", "does not run"),
    ("web/add.test.ts", "    expect(add(1))", "    process.exit(0)\n    expect(add(1))", "does not run"),
    ("add_test.go", "func TestAdd(", "func testAdd(", "removed or renamed"),
    ("add_test.go", "\tif add(1)", "\tt.Skip()\n\tif add(1)", "does not run"),
    ("add_test.go", "\tif add(1)", "\tif testing.Short() {\n\t\treturn\n\t}\n\tif add(1)", "does not run"),
    ("add_test.go", '\t\tt.Fatal("no")\n', '\t\tt.Log("no")\n', "removed or changed"),
    ("add_test.go", "\trequire.Equal(t, 3, add(2))\n", "", "require.Equal"),
    ("add_test.go", "require.Equal(t, 3, add(2))", "require.NotNil(t, add(2))", "require.NotNil"),
    ("add_test.go", "package add", "//go:build never\n\npackage add", "does not run"),
    ("add_test.go", "func TestAdd(", "func TestMain(m *testing.M) {\n\tos.Exit(0)\n}\n\nfunc TestAdd(", "does not run"),
    ("tests/add.rs", "#[test]\nfn adds()", "#[test]\n#[ignore]\nfn adds()", "does not run"),
    ("tests/add.rs", "#[test]\nfn adds()", "fn adds()", "removed or renamed"),
    ("tests/add.rs", "#[test]\nfn adds()", "#[test]\n#[should_panic]\nfn adds()", "does not run"),
    ("tests/add.rs", "#[test]\nfn adds()", "#[cfg(windows)]\n#[test]\nfn adds()", "does not run"),
    ("tests/add.rs", "    assert_eq!(add(1), 2);\n", "", "assert_eq!"),
    ("tests/add.rs", "assert_eq!(add(1), 2)", "assert!(true)", "asserts nothing"),
    (
        "src/test/java/AddTest.java",
        "    @Test\n    void adds",
        "    @Disabled\n    @Test\n    void adds",
        "does not run",
    ),
    ("src/test/java/AddTest.java", "    @Test\n    void adds", "    void adds", "removed or renamed"),
    ("src/test/java/AddTest.java", "assertEquals(2, add(1))", "assertTrue(true)", "asserts nothing"),
    (
        "src/test/java/AddTest.java",
        "        assertEquals(2",
        "        assumeTrue(CI);\n        assertEquals(2",
        "does not run",
    ),
    ("src/test/java/AddTest.java", "IllegalStateException", "Exception", "an assertion changed"),
    ("spec/add_spec.rb", "  it 'adds' do", "  xit 'adds' do", "does not run"),
    ("spec/add_spec.rb", "    expect(add(1))", "    skip 'later'\n    expect(add(1))", "does not run"),
    ("spec/add_spec.rb", "    expect(add(1)).to eq(2)\n", "", "expect(add(1))"),
    ("tests/AddTests.cs", "[Fact]", '[Fact(Skip = "x")]', "does not run"),
    ("tests/AddTests.cs", "Assert.Equal(2, Add(1));", "Assert.True(true);", "asserts nothing"),
    (
        "tests/AddTest.php",
        "        $this->assertSame",
        "        $this->markTestSkipped();\n        $this->assertSame",
        "does not run",
    ),
    ("tests/AddTest.php", "function testAdds", "function adds", "removed or renamed"),
    ("tests/test_old.py", "    assert g(1) == 2\n", "    pass\n", "`assert g(1) == 2`"),
    ("tests/test_old.py", "def test_b", "def _test_b", "removed or renamed"),
]


@pytest.mark.parametrize(("path", "old", "new", "said"), WEAKER)
def test_a_weaker_test_is_told(path: str, old: str, new: str, said: str) -> None:
    assert old in SOURCES[path]
    told = changed(path, SOURCES[path].replace(old, new, 1))
    assert any(said in one for one in told), told


def changed(path: str, new: str) -> list[str]:
    return [one.detail for one in weakenings(path, SOURCES[path].encode(), new.encode())]


HONEST = [
    ("web/add.test.ts", "  it('fails'", "  it('more', () => {\n    expect(add(0)).toBe(1)\n  })\n\n  it('fails'"),
    ("web/add.test.ts", "  it('fails'", "  it.skip('more', () => {\n    expect(add(0)).toBe(1)\n  })\n\n  it('fails'"),
    ("web/add.test.ts", "    expect(add(2))", "    expect(add(0)).toBe(1)\n    expect(add(2))"),
    ("web/add.test.ts", "it('adds'", "it('adds numbers'"),
    ("web/add.test.ts", "it('adds'", "test('adds'"),
    ("web/add.test.ts", "expect(add(1)).toBe(2)", "expect(add(1)).toBe(2);"),
    ("web/add.test.ts", "expect(add(1)).toBe(2)", "expect(\n      add(1),\n    ).toBe(2)"),
    ("web/add.test.ts", "expect(add(1)).toBe(2)", "expect(add(1))\n      .toBe(2)"),
    ("web/add.test.ts", "'../add'", '"../add"'),
    ("web/add.test.ts", "    expect(add(1))", "      expect(add(1))"),
    ("web/add.test.ts", "    expect(add(1))", "    // one and one\n    expect(add(1))"),
    ("web/add.test.ts", "import", "jest.mock('axios')\nimport"),
    ("add_test.go", "func TestMore", "func TestOther(t *testing.T) {\n\tt.Skip()\n}\n\nfunc TestMore"),
    ("add_test.go", "func TestAdd(", "func TestAddition("),
    ("tests/add.rs", "fn adds()", "fn adds_one()"),
    ("tests/add.rs", "#[test]\nfn adds_more", "#[test]\n#[ignore]\nfn other() {}\n\n#[test]\nfn adds_more"),
    ("src/test/java/AddTest.java", "void adds()", "void addsOne()"),
    ("src/test/java/AddTest.java", "@Test\n    void adds", "@Test void adds"),
    ("spec/add_spec.rb", "it 'adds'", "it 'adds one'"),
    ("tests/test_old.py", "def test_b", "def test_c"),
]


@pytest.mark.parametrize(("path", "old", "new"), HONEST)
def test_an_honest_change_is_left_in_peace(path: str, old: str, new: str) -> None:
    assert old in SOURCES[path]
    assert changed(path, SOURCES[path].replace(old, new, 1)) == []


@pytest.mark.parametrize("path", SOURCES)
def test_lines_that_come_take_nothing_away(path: str) -> None:
    assert changed(path, f"{SOURCES[path]}\nmore();\n") == []
    assert changed(path, SOURCES[path]) == []


def test_the_line_is_that_of_the_new_file() -> None:
    new = "// one\n" + JS.replace("it('adds'", "it.skip('adds'")
    (found,) = weakenings("web/add.test.ts", JS.encode(), new.encode())
    assert found.line is not None
    assert "it.skip" in new.splitlines()[found.line - 1]
