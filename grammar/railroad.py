"""Draws s3select.lark as railroad diagrams into docs/grammar.md and docs/images/grammar/*.svg.

    python -m grammar.railroad            write the page and its pictures

In: the grammar, read with Lark's own grammar of grammars.  Out: :func:`pages`, every file of the
documentation with its contents; a test holds the committed ones to it.

What differs from the grammar's text is for readers: the parameters of templates (which say what may stand
where a column may) are left out, and left recursion is drawn as a loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path

import lark
import railroad
from lark import Lark, Token, Tree

ROOT = Path(__file__).parent.parent
GRAMMAR = ROOT / "grammar" / "s3select.lark"
PAGE = Path("docs/grammar.md")
PICTURES = Path("docs/images/grammar")

#: The rules of the page, by section, with what the section is about.
SECTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "The statement": (
        "One SELECT over one object. What parses is judged afterwards: `*` stands alone, and aggregates do "
        "not mix with columns.",
        ("start", "any_item", "source"),
    ),
    "Names and paths": (
        "A name is any word that is not [reserved](sql.md#reserved-words), in any case, or stands in double "
        "quotes.",
        ("reference", "any_step", "name"),
    ),
    "Operators": (
        "From the lowest rank to the highest; operators of one rank are taken from left to right.",
        ("disjunction", "conjunction", "negation", "equality", "order", "sum", "product", "sign"),
    ),
    "Terms": (
        "",
        ("term", "stepped", "literal", "case", "group", "list", "aggregate", "call", "trimmed", "type"),
    ),
}

#: How terminals that are not a word of their own name are shown.
TERMINALS = {
    "INTEGER": "digits",
    "NUMBER": "number with . or e",
    "STRING": "'text'",
    "ION": "`Ion`",
    "IDENTIFIER": "identifier",
    "QUOTED": '"name"',
    "QUOTED_S3OBJECT": '"S3Object"',
    "S3OBJECT": "S3Object",
    "DATE_PART": "YEAR … SECOND",
    "ZONE_PART": "TIMEZONE_HOUR, TIMEZONE_MINUTE",
    "INTEGER_TYPE": "INTEGER",
    "STRING_TYPE": "STRING",
    "IS_NOT": "IS NOT",
    "NOT_IN": "NOT IN",
    "NOT_BETWEEN": "NOT BETWEEN",
    "NOT_LIKE": "NOT LIKE",
}

#: What the parameters of the templates stand for in the whole dialect.
PARAMETERS = {"leaf": "anything", "step": "any_step"}

#: Rules that are drawn where they are used.
INLINED = frozenset({"anything"})

STYLE = """
svg { background: #fff; }
path { stroke-width: 1.5; stroke: #57606a; fill: none; }
text { font: 13px ui-monospace, monospace; text-anchor: middle; fill: #1f2328; }
rect { stroke-width: 1.5; stroke: #57606a; fill: #ddf4ff; }
.non-terminal rect { fill: #fff8c5; }
"""


def rules() -> dict[str, Tree[Token]]:
    """The right-hand side of every rule of the grammar."""
    of_grammars = (Path(lark.__file__).parent / "grammars" / "lark.lark").read_text(encoding="utf-8")
    tree = Lark(of_grammars, parser="lalr").parse(GRAMMAR.read_text(encoding="utf-8"))
    return {str(rule.children[0]): rule.children[-1] for rule in tree.find_data("rule")}


class _Drawing:
    """Draws right-hand sides."""

    def __init__(self, found: dict[str, Tree[Token]]) -> None:
        self._rules = found

    def diagram(self, name: str) -> str:
        """One rule as the text of an SVG picture."""
        alternatives = _alternatives(self._rules[name])
        first = [a for a in alternatives if not _begins_with(a, name)]
        loops = [self._sequence(_parts(a)[1:]) for a in alternatives if _begins_with(a, name)]
        item = self._choice([self._node(a) for a in first])
        if loops:
            item = railroad.Sequence(item, railroad.ZeroOrMore(self._choice(loops)))
        out = StringIO()
        railroad.Diagram(item).writeStandalone(out.write, css=STYLE)
        return out.getvalue() + "\n"

    def _node(self, node: Tree[Token]) -> railroad.DiagramItem:
        if node.data == "alias":
            return self._node(node.children[0])
        if node.data == "expansions":
            return self._choice([self._node(a) for a in _alternatives(node)])
        if node.data == "expansion":
            return self._sequence(_parts(node))
        if node.data == "maybe":
            return railroad.Optional(self._node(node.children[0]))
        if node.data == "expr":
            inner = self._node(node.children[0])
            repeated = node.children[1]
            if repeated is None:
                return inner
            return railroad.ZeroOrMore(inner) if repeated == "*" else railroad.OneOrMore(inner)
        if node.data == "template_usage":
            return self._node(node.children[0])
        if node.data == "literal":
            return railroad.Terminal(str(node.children[0])[1:-1])
        assert node.data == "name", node.data
        return self._name(str(node.children[0]))

    def _name(self, name: str) -> railroad.DiagramItem:
        name = PARAMETERS.get(name, name)
        if name in INLINED:
            return self._node(self._rules[name])
        return railroad.Terminal(TERMINALS.get(name, name)) if name.isupper() else railroad.NonTerminal(name)

    def _sequence(self, parts: Sequence[Tree[Token]]) -> railroad.DiagramItem:
        """Parts one after another; ``a ("," a)*`` as a loop over the comma."""
        items: list[railroad.DiagramItem] = []
        for part in parts:
            separators = _loop_over(items, part, self)
            if separators is not None:
                items[-1] = railroad.OneOrMore(items[-1], separators)
            else:
                items.append(self._node(part))
        return items[0] if len(items) == 1 else railroad.Sequence(*items)

    def _choice(self, items: Sequence[railroad.DiagramItem]) -> railroad.DiagramItem:
        return items[0] if len(items) == 1 else railroad.Choice(0, *items)


def _loop_over(
    items: Sequence[railroad.DiagramItem], part: Tree[Token], drawing: _Drawing
) -> railroad.DiagramItem | None:
    """What separates repetitions of the last item, if *part* is ``(separator item)*``."""
    if part.data != "expr" or part.children[1] != "*" or not items:
        return None
    inner = part.children[0]
    while isinstance(inner, Tree) and inner.data == "alias":
        inner = inner.children[0]
    if not isinstance(inner, Tree) or inner.data != "expansion":
        return None
    *separators, repeated = _parts(inner)
    if len(separators) != 1 or repr(drawing._node(repeated)) != repr(items[-1]):
        return None
    return drawing._node(separators[0])


def _alternatives(node: Tree[Token]) -> list[Tree[Token]]:
    if node.data == "expansions":
        return [alternative for child in node.children for alternative in _alternatives(child)]
    if node.data == "alias":
        return _alternatives(node.children[0])
    return [node]


def _parts(node: Tree[Token]) -> list[Tree[Token]]:
    return list(node.children) if node.data == "expansion" else [node]


def _begins_with(alternative: Tree[Token], name: str) -> bool:
    first = _parts(alternative)[0]
    return (
        next((str(n.children[0]) for n in first.find_data("name")), None) == name
        and len(_parts(alternative)) > 1
    )


def pages() -> Iterator[tuple[Path, str]]:
    """Every file of the documentation, its path relative to the project, and its contents."""
    drawing = _Drawing(rules())
    lines = [
        "# The grammar",
        "",
        "Drawn from [`grammar/s3select.lark`](../grammar/s3select.lark) by `python -m grammar.railroad`.",
        "The parser is held to that grammar by tests. Blue boxes are written as they stand, keywords in any",
        "case; yellow boxes are rules of this page. Between any two words there may be blanks and comments:",
        "`-- to the end of the line` and `/* … */`.",
    ]
    for title, (about, names) in SECTIONS.items():
        lines += ["", f"## {title}"]
        lines += ["", about] if about else []
        for name in names:
            yield PICTURES / f"{name}.svg", drawing.diagram(name)
            lines += ["", f"### {name}", "", f"![{name}](images/grammar/{name}.svg)"]
    yield PAGE, "\n".join(lines) + "\n"


def main() -> None:
    """Write the page and its pictures."""
    for path, text in pages():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
