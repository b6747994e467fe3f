"""AST to canonical SQL: keywords in upper case, one blank between tokens, only the parentheses needed.

In: a node in the shapes of ``nodes.py``.  Out: text that parses back to an equal node.

Chains of AND and OR and left-leaning chains of other operators are written in loops: only nesting, which
the parser limits, recurses. sqlglot's own generator is not used: it rewrites TRIM, drops what it does not
know and writes no parentheses of its own.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from s3sql.sql import nodes

_OPERATORS: dict[type[exp.Expr], tuple[str, int]] = {
    exp.EQ: ("=", 4),
    exp.NEQ: ("<>", 4),
    exp.LT: ("<", 5),
    exp.LTE: ("<=", 5),
    exp.GT: (">", 5),
    exp.GTE: (">=", 5),
    exp.Add: ("+", 6),
    exp.Sub: ("-", 6),
    exp.DPipe: ("||", 6),
    exp.Mul: ("*", 7),
    exp.Div: ("/", 7),
    exp.Mod: ("%", 7),
}
_OR, _AND, _NOT, _EQUALITY, _ORDER, _SUM, _SIGN, _TERM = 1, 2, 3, 4, 5, 6, 8, 9


def print_sql(node: exp.Expr) -> str:
    """*node*, a query or an expression, as SQL."""
    if isinstance(node, exp.Select):
        return _select(node)
    if isinstance(node, exp.Alias):
        return f"{_text(node.this)} AS {_name(node.args['alias'])}"
    if isinstance(node, exp.Star):
        return "*"
    return _text(node)


def _select(node: exp.Select) -> str:
    parts = ["SELECT", ", ".join(print_sql(item) for item in node.expressions)]
    source = node.args["from_"].this
    parts += ["FROM", _text(source.this)]
    if source.args.get("alias") is not None:
        parts += ["AS", _name(source.args["alias"].this)]
    where = node.args.get("where")
    if where is not None:
        parts += ["WHERE", _text(where.this)]
    limit = node.args.get("limit")
    if limit is not None:
        parts += ["LIMIT", limit.expression.this]
    return " ".join(parts)


def _text(node: exp.Expr, floor: int = 0) -> str:
    """*node*, in parentheses when its operator's rank is below *floor*."""
    text, rank = _ranked(node)
    return f"({text})" if rank < floor else text


def _ranked(node: exp.Expr) -> tuple[str, int]:
    """*node* without parentheses around it, and the rank of its operator."""
    kind = type(node)
    if kind in _OPERATORS:
        return _binary(node)
    if isinstance(node, (exp.Or, exp.And)):
        word, rank = (" OR ", _OR) if isinstance(node, exp.Or) else (" AND ", _AND)
        return word.join(_text(operand, rank + 1) for operand in nodes.operands(node)), rank
    if isinstance(node, exp.Not):
        return _not(node)
    if isinstance(node, (exp.Is, exp.In, exp.Between, exp.Like, exp.Escape)):
        return _predicate(node, "")
    if isinstance(node, exp.Neg):
        return _sign("-", node.this), _SIGN
    if nodes.is_unary_plus(node):
        return _sign("+", node.expressions[0]), _SIGN
    if isinstance(node, exp.Paren):  # only in trees made for other dialects
        return _ranked(node.this)
    return _term(node), _TERM


def _binary(node: exp.Expr) -> tuple[str, int]:
    """A chain of operators of one rank, which leans to the left."""
    rank = _OPERATORS[type(node)][1]
    reversed_parts: list[str] = []
    while type(node) in _OPERATORS and _OPERATORS[type(node)][1] == rank:
        reversed_parts.append(f"{_OPERATORS[type(node)][0]} {_text(node.args['expression'], rank + 1)}")
        node = node.args["this"]
    reversed_parts.append(_text(node, rank))
    return " ".join(reversed(reversed_parts)), rank


def _not(node: exp.Not) -> tuple[str, int]:
    inner = node.this
    if isinstance(inner, (exp.Is, exp.In, exp.Between, exp.Like, exp.Escape)):
        return _predicate(inner, "NOT ")
    return f"NOT {_text(inner, _NOT)}", _NOT


def _predicate(node: exp.Expr, negation: str) -> tuple[str, int]:
    if isinstance(node, exp.Escape):
        text, rank = _predicate(node.this, negation)
        return f"{text} ESCAPE {_text(node.expression, _SUM)}", rank
    if isinstance(node, exp.Like):
        return f"{_text(node.this, _ORDER)} {negation}LIKE {_text(node.expression, _SUM)}", _ORDER
    if isinstance(node, exp.Between):
        low, high = _text(node.args["low"], _SUM), _text(node.args["high"], _SUM)
        return f"{_text(node.this, _ORDER)} {negation}BETWEEN {low} AND {high}", _ORDER
    left = _text(node.this, _EQUALITY)
    if isinstance(node, exp.Is):
        return f"{left} IS {negation}{_text(node.expression)}", _EQUALITY
    field = node.args.get("field")
    if field is None:
        return f"{left} {negation}IN ({_listed(node.expressions)})", _EQUALITY
    right = _text(field, _ORDER)
    if right.startswith("(") and not nodes.is_path(field):
        # Parentheses behind IN make a list, unless a path step follows them.
        right = f"[{right}][0]"
    return f"{left} {negation}IN {right}", _EQUALITY


def _sign(sign: str, operand: exp.Expr) -> str:
    text = _text(operand, _SIGN)
    # `--` would begin a comment.
    return f"{sign} {text}" if text[0] in "+-" else f"{sign}{text}"


def _term(node: exp.Expr) -> str:
    if isinstance(node, exp.Identifier):
        return _name(node)
    if isinstance(node, exp.Column):
        return _name(node.this)
    if isinstance(node, (exp.Dot, exp.Bracket)):
        return _path(node)
    if isinstance(node, exp.Literal):
        return _quoted(node.this) if node.args["is_string"] else node.this
    if isinstance(node, exp.Null):
        return "NULL"
    if isinstance(node, exp.Boolean):
        return "TRUE" if node.this else "FALSE"
    if isinstance(node, exp.Var):
        return str(node.this)
    if isinstance(node, exp.Introducer):
        return f"`{node.expression.this}`"
    if isinstance(node, exp.Array):
        return f"[{_listed(node.expressions)}]"
    if isinstance(node, exp.DataType):
        return _type(node)
    if isinstance(node, exp.Cast):
        return f"CAST({_text(node.this)} AS {_type(node.args['to'])})"
    if isinstance(node, exp.Case):
        return _case(node)
    return _call(node)


def _path(node: exp.Expr) -> str:
    """A term and its steps; an operator or a signed number stands in parentheses before them."""
    reversed_steps: list[str] = []
    while isinstance(node, (exp.Dot, exp.Bracket)):
        last = node.expression if isinstance(node, exp.Dot) else node.expressions[0]
        text = "*" if isinstance(last, exp.Star) else _term(last)
        reversed_steps.append(f".{text}" if isinstance(node, exp.Dot) else f"[{text}]")
        node = node.this
    root = _text(node, _TERM)
    if nodes.is_number(node):
        # `-1[0]` is the negative of `1[0]`, and in `1.a` the point belongs to the number.
        root = f"({root})" if root.startswith("-") else f"{root} "
    return root + "".join(reversed(reversed_steps))


def _call(node: exp.Expr) -> str:
    call = nodes.call(node)
    if call is None:
        raise ValueError(f"no node of the S3 Select dialect: {type(node).__name__}")
    arguments = call.arguments
    if call.name == "TRIM":
        side, characters, text = arguments
        words = [] if side is None else [side.this]
        words += [] if characters is None else [_text(characters)]
        words += ["FROM"] if words else []
        return f"TRIM({' '.join([*words, _text(text)])})" if text is not None else ""
    if call.name == "EXTRACT" and len(arguments) == 2:
        return f"EXTRACT({' FROM '.join(_text(argument) for argument in arguments if argument is not None)})"
    return f"{call.name}({_listed(argument for argument in arguments if argument is not None)})"


def _case(node: exp.Case) -> str:
    parts = ["CASE"]
    if node.this is not None:
        parts.append(_text(node.this))
    for branch in node.args["ifs"]:
        parts += ["WHEN", _text(branch.this), "THEN", _text(branch.args["true"])]
    default = node.args.get("default")
    if default is not None:
        parts += ["ELSE", _text(default)]
    return " ".join([*parts, "END"])


def _type(node: exp.DataType) -> str:
    name = nodes.type_name(node)
    if name is None:
        return str(node.args["kind"])
    parameters = ", ".join(parameter.this.this for parameter in node.expressions)
    if not parameters:
        return name
    return f"{'VARCHAR' if name == 'STRING' else name}({parameters})"


def _listed(items: Iterable[exp.Expr]) -> str:
    return ", ".join("*" if isinstance(item, exp.Star) else _text(item) for item in items)


def _name(node: exp.Identifier) -> str:
    name: str = node.this
    return f'"{name.replace(chr(34), chr(34) * 2)}"' if node.args.get("quoted") else name


def _quoted(text: str) -> str:
    return f"'{text.replace(chr(39), chr(39) * 2)}'"
