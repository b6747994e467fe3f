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

_OR, _AND, _NOT, _EQUALITY, _ORDER, _SUM, _PRODUCT, _SIGN, _TERM = range(1, 10)

_SIGNS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.Add: "+",
    exp.Sub: "-",
    exp.DPipe: "||",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
}

#: The ranks of the operators that stand behind their first operand.
_RANKS: dict[type[exp.Expr], int] = {
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.Is, exp.In), _EQUALITY),
    **dict.fromkeys((exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between, exp.Like, exp.Escape), _ORDER),
    **dict.fromkeys((exp.Add, exp.Sub, exp.DPipe), _SUM),
    **dict.fromkeys((exp.Mul, exp.Div, exp.Mod), _PRODUCT),
}
#: Those that write their NOT inside: ``a IS NOT NULL``, ``a NOT IN (1)``.
_NEGATED = frozenset((exp.Is, exp.In, exp.Between, exp.Like, exp.Escape))


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
    if kind in _RANKS or (kind is exp.Not and type(node.this) in _NEGATED):
        return _chain(node)
    if isinstance(node, (exp.Or, exp.And)):
        word, rank = (" OR ", _OR) if isinstance(node, exp.Or) else (" AND ", _AND)
        return word.join(_text(operand, rank + 1) for operand in nodes.operands(node)), rank
    if isinstance(node, exp.Not):
        return f"NOT {_text(node.this, _NOT)}", _NOT
    if isinstance(node, exp.Neg):
        return _sign("-", node.this), _SIGN
    if nodes.is_unary_plus(node):
        return _sign("+", node.expressions[0]), _SIGN
    if isinstance(node, exp.Paren):  # only in trees made for other dialects
        return _ranked(node.this)
    return _term(node), _TERM


def _chain(node: exp.Expr) -> tuple[str, int]:
    """Operators of one rank, each behind what it leans on."""
    rank = _chain_rank(node)
    reversed_parts: list[str] = []
    while _chain_rank(node) == rank:
        operator, negation = (node.this, "NOT ") if isinstance(node, exp.Not) else (node, "")
        reversed_parts.append(_behind(operator, rank, negation))
        node = nodes.left_operand(operator)
    reversed_parts.append(_text(node, rank))
    return " ".join(reversed(reversed_parts)), rank


def _chain_rank(node: exp.Expr) -> int:
    """The rank of an operator that stands behind its first operand, 0 for another node."""
    negated = isinstance(node, exp.Not) and type(node.this) in _NEGATED
    return _RANKS.get(type(node.this if negated else node), 0)


def _behind(node: exp.Expr, rank: int, negation: str) -> str:
    """What an operator writes behind its first operand."""
    if isinstance(node, exp.Escape):
        return f"{_behind(node.this, rank, negation)} ESCAPE {_text(node.expression, _SUM)}"
    if isinstance(node, exp.Like):
        return f"{negation}LIKE {_text(node.expression, _SUM)}"
    if isinstance(node, exp.Between):
        return f"{negation}BETWEEN {_text(node.args['low'], _SUM)} AND {_text(node.args['high'], _SUM)}"
    if isinstance(node, exp.Is):
        return f"IS {negation}{_text(node.expression)}"
    if isinstance(node, exp.In):
        return f"{negation}IN {_collection(node)}"
    return f"{_SIGNS[type(node)]} {_text(node.args['expression'], rank + 1)}"


def _collection(node: exp.In) -> str:
    field = node.args.get("field")
    if field is None:
        return f"({_listed(node.expressions)})"
    text = _text(field, _ORDER)
    # Parentheses behind IN make a list, unless a path step follows them.
    return f"[{text}][0]" if text.startswith("(") and not nodes.is_path(field) else text


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
