"""Tests that live in product files."""

import pytest

from coderoute.domain.weakening import weakenings

PYTHON = '''\
"""Module."""


def add(x):
    """One more.

    >>> add(1)
    2
    >>> for x in (1, 2):
    ...     print(add(x))
    2
    3
    """
    return x + 1
'''

RUST = """\
/// Adds.
///
/// ```
/// assert_eq!(add(1), 2);
/// ```
pub fn add(x: i32) -> i32 {
    assert!(x > 0);
    x + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds() {
        assert_eq!(add(1), 2);
    }
}
"""

VITEST = """\
export const add = (x) => x + 1

if (import.meta.vitest) {
  const { it, expect } = import.meta.vitest
  it('adds', () => {
    expect(add(1)).toBe(2)
  })
}
"""

SOURCES = {"src/add.py": PYTHON, "src/add.rs": RUST, "src/add.ts": VITEST}


def told(path: str, old: str, new: str) -> list[str]:
    assert old in SOURCES[path]
    changed = SOURCES[path].replace(old, new, 1)
    return [one.detail for one in weakenings(path, SOURCES[path].encode(), changed.encode())]


@pytest.mark.parametrize(
    ("path", "old", "new", "said"),
    [
        ("src/add.py", "    >>> add(1)\n    2\n", "", "the examples of add have lost `>>> add(1) -> 2`"),
        ("src/add.py", "    2\n    >>> for", "    3\n    >>> for", "`>>> add(1) -> 2` became `>>> add(1) -> 3`"),
        ("src/add.py", ">>> add(1)", ">>> add(1)  # doctest: +SKIP", "an example is skipped now"),
        ("src/add.py", ">>> add(1)", "add(1)", "have lost"),
        ("src/add.rs", "    #[test]\n", "", "removed or renamed"),
        ("src/add.rs", "#[cfg(test)]\n", "#[cfg(never)]\n", "removed or renamed"),
        ("src/add.rs", "        assert_eq!(add(1), 2);\n", "", "assert_eq!"),
        ("src/add.rs", "/// assert_eq!(add(1), 2);\n", "", "assert_eq!"),
        ("src/add.ts", "    expect(add(1)).toBe(2)\n", "", "expect(add(1))"),
        ("src/add.ts", "it('adds'", "it.skip('adds'", "does not run"),
    ],
)
def test_a_weaker_test_is_told(path: str, old: str, new: str, said: str) -> None:
    assert any(said in one for one in told(path, old, new)), told(path, old, new)


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("src/add.py", "    return x + 1", "    return 1 + x"),
        ("src/add.py", "One more.", "The next one."),
        ("src/add.py", "    >>> add(1)\n", "    >>> add(0)\n    1\n    >>> add(1)\n"),
        ("src/add.py", PYTHON[PYTHON.index("def") :], "x = 1\n"),
        ("src/add.rs", "    assert!(x > 0);\n", ""),
        ("src/add.rs", "    x + 1", "    1 + x"),
        ("src/add.ts", "x + 1", "1 + x"),
    ],
)
def test_a_change_of_the_product_is_left_in_peace(path: str, old: str, new: str) -> None:
    assert told(path, old, new) == []
