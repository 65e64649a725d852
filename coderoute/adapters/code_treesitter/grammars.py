"""Which grammar reads which file, and what a definition and an import are in its language.

To add a language: its wheel in pyproject.toml, a row in GRAMMARS, its endings in ENDINGS, and a case in
tests/contracts/test_code_reader.py. Every pattern captures a definition as @def with its name as @name, or the text of
an import as @import.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """`module` is the wheel's Python module, `function` what gives the grammar, `query` in tree-sitter's own words."""

    module: str
    function: str = "language"
    query: str

    @property
    def distribution(self) -> str:
        """The wheel's name."""
        return self.module.replace("_", "-")


_PYTHON = """
(class_definition name: (identifier) @name) @def
(function_definition name: (identifier) @name) @def
(module (expression_statement (assignment left: (identifier) @name) @def))
(import_statement name: (dotted_name) @import)
(import_statement name: (aliased_import name: (dotted_name) @import))
(import_from_statement module_name: (_) @import)
"""
_JAVASCRIPT = """
(class_declaration name: (_) @name) @def
(function_declaration name: (_) @name) @def
(generator_function_declaration name: (_) @name) @def
(method_definition name: (_) @name) @def
(variable_declarator name: (identifier) @name value: [(arrow_function) (function_expression) (class)]) @def
(program (lexical_declaration (variable_declarator name: (identifier) @name) @def))
(program (export_statement (lexical_declaration (variable_declarator name: (identifier) @name) @def)))
(assignment_expression left: (member_expression property: (property_identifier) @name)
  right: [(arrow_function) (function_expression)]) @def
(pair key: (property_identifier) @name value: [(arrow_function) (function_expression)]) @def
(import_statement source: (string (string_fragment) @import))
(export_statement source: (string (string_fragment) @import))
(call_expression function: (identifier) @_require arguments: (arguments . (string (string_fragment) @import))
  (#eq? @_require "require"))
"""
_TYPESCRIPT = f"""{_JAVASCRIPT}
(abstract_class_declaration name: (_) @name) @def
(interface_declaration name: (_) @name) @def
(type_alias_declaration name: (_) @name) @def
(enum_declaration name: (_) @name) @def
(internal_module name: (_) @name) @def
(function_signature name: (_) @name) @def
(method_signature name: (_) @name) @def
(abstract_method_signature name: (_) @name) @def
"""
_GO = """
(function_declaration name: (_) @name) @def
(method_declaration name: (_) @name) @def
(type_spec name: (_) @name) @def
(type_alias name: (_) @name) @def
(source_file (const_declaration (const_spec name: (_) @name) @def))
(source_file (var_declaration (var_spec name: (_) @name) @def))
(import_spec path: (interpreted_string_literal) @import)
"""
_RUST = """
(function_item name: (_) @name) @def
(function_signature_item name: (_) @name) @def
(struct_item name: (_) @name) @def
(enum_item name: (_) @name) @def
(union_item name: (_) @name) @def
(trait_item name: (_) @name) @def
(type_item name: (_) @name) @def
(mod_item name: (_) @name) @def
(const_item name: (_) @name) @def
(static_item name: (_) @name) @def
(macro_definition name: (_) @name) @def
(use_declaration argument: (_) @import)
"""
_JAVA = """
(class_declaration name: (_) @name) @def
(interface_declaration name: (_) @name) @def
(enum_declaration name: (_) @name) @def
(record_declaration name: (_) @name) @def
(annotation_type_declaration name: (_) @name) @def
(method_declaration name: (_) @name) @def
(constructor_declaration name: (_) @name) @def
(import_declaration [(scoped_identifier) (identifier)] @import)
"""
_C = """
(function_definition declarator: (function_declarator declarator: (identifier) @name)) @def
(function_definition declarator: (pointer_declarator (function_declarator declarator: (identifier) @name))) @def
(struct_specifier name: (_) @name body: (_)) @def
(union_specifier name: (_) @name body: (_)) @def
(enum_specifier name: (_) @name body: (_)) @def
(type_definition declarator: (type_identifier) @name) @def
(preproc_def name: (_) @name) @def
(preproc_function_def name: (_) @name) @def
(preproc_include path: (_) @import)
"""
_CPP = f"""{_C}
(class_specifier name: (_) @name body: (_)) @def
(namespace_definition name: (_) @name) @def
(function_definition declarator: (function_declarator declarator: (field_identifier) @name)) @def
(function_definition declarator: (function_declarator
  declarator: (qualified_identifier name: [(identifier) (destructor_name) (operator_name)] @name))) @def
(function_definition declarator: (reference_declarator (function_declarator
  declarator: [(identifier) (field_identifier) (qualified_identifier)] @name))) @def
(alias_declaration name: (_) @name) @def
"""
_RUBY = """
(method name: (_) @name) @def
(singleton_method name: (_) @name) @def
(class name: [(constant) (scope_resolution)] @name) @def
(module name: [(constant) (scope_resolution)] @name) @def
(assignment left: (constant) @name) @def
(call method: (identifier) @_require arguments: (argument_list . (string (string_content) @import))
  (#any-of? @_require "require" "require_relative" "load"))
"""
_CSHARP = """
(class_declaration name: (_) @name) @def
(struct_declaration name: (_) @name) @def
(interface_declaration name: (_) @name) @def
(enum_declaration name: (_) @name) @def
(record_declaration name: (_) @name) @def
(delegate_declaration name: (_) @name) @def
(method_declaration name: (_) @name) @def
(constructor_declaration name: (_) @name) @def
(property_declaration name: (_) @name) @def
(local_function_statement name: (_) @name) @def
(namespace_declaration name: (_) @name) @def
(using_directive [(qualified_name) (identifier)] @import)
"""
_PHP = """
(class_declaration name: (_) @name) @def
(interface_declaration name: (_) @name) @def
(trait_declaration name: (_) @name) @def
(enum_declaration name: (_) @name) @def
(function_definition name: (_) @name) @def
(method_declaration name: (_) @name) @def
(const_element (name) @name) @def
(namespace_use_clause [(qualified_name) (name)] @import)
"""

GRAMMARS = {
    "python": Grammar(module="tree_sitter_python", query=_PYTHON),
    "javascript": Grammar(module="tree_sitter_javascript", query=_JAVASCRIPT),
    "typescript": Grammar(module="tree_sitter_typescript", function="language_typescript", query=_TYPESCRIPT),
    "tsx": Grammar(module="tree_sitter_typescript", function="language_tsx", query=_TYPESCRIPT),
    "go": Grammar(module="tree_sitter_go", query=_GO),
    "rust": Grammar(module="tree_sitter_rust", query=_RUST),
    "java": Grammar(module="tree_sitter_java", query=_JAVA),
    "c": Grammar(module="tree_sitter_c", query=_C),
    "cpp": Grammar(module="tree_sitter_cpp", query=_CPP),
    "ruby": Grammar(module="tree_sitter_ruby", query=_RUBY),
    "c_sharp": Grammar(module="tree_sitter_c_sharp", query=_CSHARP),
    "php": Grammar(module="tree_sitter_php", function="language_php", query=_PHP),
}
ENDINGS = {
    **dict.fromkeys(("py", "pyi"), "python"),
    **dict.fromkeys(("js", "jsx", "mjs", "cjs"), "javascript"),
    **dict.fromkeys(("ts", "mts", "cts"), "typescript"),
    "tsx": "tsx",
    "go": "go",
    "rs": "rust",
    "java": "java",
    "c": "c",
    **dict.fromkeys(("cc", "cpp", "cxx", "h", "hh", "hpp", "hxx"), "cpp"),
    **dict.fromkeys(("rb", "rake"), "ruby"),
    "cs": "c_sharp",
    "php": "php",
}
"""A header is read as C++, which nearly all C is."""
