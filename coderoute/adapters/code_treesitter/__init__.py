"""Source code through tree-sitter, each language by the grammar in its own wheel."""

from coderoute.adapters.code_treesitter.reader import TreeSitterReader

__all__ = ["TreeSitterReader"]
