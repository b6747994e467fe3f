"""Advice for a query that does not parse, or has what S3 Select has not.

In: the text of a query and the error it caused.  Out: a line for people, or None where no advice is surely of
use.  It costs nothing until a query has failed. A spelling is proposed only if the query reads on with it:
the text is changed and parsed again.

What other dialects have is in :mod:`s3sql.sql.other_dialects`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from s3sql.dialects import S3_SELECT
from s3sql.errors import S3SelectError
from s3sql.functions.signatures import AGGREGATES, ALIASES, SIGNATURES
from s3sql.sql.keywords import EXTRACT_PARTS, RESERVED
from s3sql.sql.lexer import Token, tokenize
from s3sql.sql.lexical_hints import lexical_hint
from s3sql.sql.other_dialects import CLAUSES, FUNCTIONS, OPERATORS, TYPE_NAMES, TYPES
from s3sql.sql.statement import StatementParser

#: Longer texts are made by programs, which do not misspell.
_LONGEST = 4 * 1024

#: Words that are looked for in a misspelt one.
_WORDS = (
    "SELECT", "FROM", "WHERE", "LIMIT", "AND", "NOT", "LIKE", "BETWEEN", "ESCAPE", "NULL", "MISSING",
    "CASE", "WHEN", "THEN", "ELSE", "END",
)  # fmt: skip

#: Reserved words that are never meant as a name unless they stand where only a name can.
_STRUCTURAL = frozenset({*_WORDS, "AS", "BY", "ON", "OR", "IN", "IS", "HAVING", "UNION", "JOIN"})

_TABLE = "the table is S3Object, whatever the object is called: FROM S3Object s"

_ONE_ROW = (
    "an aggregate makes one row of all rows, in which a column has no single value; leave the column out, or "
    "run one query for each of its values: WHERE s.x = 'a'"
)
_SINGLE_ROWS = "WHERE judges single rows; compare the result of the aggregate where it is read"

_COMPARISONS = frozenset({"=", "<>", "!=", "<", "<=", ">", ">=", "LIKE"})


def hint_for(sql: str, error: S3SelectError) -> str | None:
    """What may help with *error*, which parsing *sql* as S3 Select's dialect raised; None: nothing sure."""
    if error.position is None or len(sql) > _LONGEST:
        return None
    offset = error.position.offset(sql)
    if error.code.startswith("Lexer"):
        return lexical_hint(sql, offset)
    tokens = tokenize(sql)
    index = next((number for number, token in enumerate(tokens) if token.start == offset), None)
    return None if index is None else _Place(sql, tokens, index).hint(error.code)


def closest(word: str, words: Iterable[str], cutoff: float = 0.7) -> str | None:
    """The one of *words* that is most like *word* in any letter case; None: none is like it."""
    spelled = {known.upper(): known for known in words}
    found = get_close_matches(word.upper(), spelled, n=1, cutoff=cutoff)
    return spelled[found[0]] if found else None


def function_hint(name: str) -> str | None:
    """What to write in place of the unknown function *name*."""
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    close = closest(name, [*SIGNATURES, *ALIASES, "CAST"])
    return None if close is None else f"did you mean {close}?"


class _Place:
    """The token that an error is about, among its neighbours."""

    def __init__(self, sql: str, tokens: list[Token], index: int) -> None:
        self._sql = sql
        self._tokens = tokens
        self._index = index
        self._token = tokens[index]
        self._before = tokens[index - 1] if index else None
        self._after = tokens[index + 1] if index + 1 < len(tokens) else None
        self._word = _word_of(self._token)

    def hint(self, code: str) -> str | None:
        """What may help with the error *code* at this place."""
        by_code = {
            "EvaluatorInvalidArguments": self._usage,
            "InvalidTableAlias": lambda: _TABLE,
            "MultipleDataSourcesUnsupported": lambda: CLAUSES["JOIN"],
            "ParseAsteriskIsNotAloneInSelectList": self._spread,
            "ParseExpectedDatePart": self._date_part,
            "ParseExpectedTypeName": self._type,
            "InvalidDataType": self._type,
            "ParseInvalidPathComponent": self._name_only,
            "ParseExpectedIdentForAlias": self._name_only,
            "UnsupportedFunction": lambda: function_hint(self._word),
            "UnsupportedSqlStructure": self._structure,
        }
        if code in by_code:
            return by_code[code]()
        return (
            self._call()
            or self._surplus_comma()
            or self._operator()
            or self._clause()
            or self._misspelt()
            or self._table()
            or self._clause_taken_for_name()
            or self._reserved()
            or self._odd_text()
            or (self._missing_from() if code == "ParseSelectMissingFrom" else None)
        )

    # ---- by code

    def _usage(self) -> str | None:
        signature = SIGNATURES.get(ALIASES.get(self._word, self._word))
        return None if signature is None else f"write {signature.usage}"

    def _spread(self) -> str | None:
        if any(token.key in AGGREGATES for token in self._tokens):
            return _ONE_ROW
        return f"{_row_name(self._tokens)}.* may stand beside other items"

    def _date_part(self) -> str | None:
        part = self._token.text.upper()
        if self._token.type != "IDENTIFIER" and part in EXTRACT_PARTS:
            return f"write the part without quotes: {part}"
        close = closest(part, EXTRACT_PARTS, cutoff=0.6)
        return None if close is None else f"did you mean {close}?"

    def _type(self) -> str:
        if self._word in TYPES:
            return f"the type is {TYPES[self._word]}"
        if not any(token.key == "IS" for token in self._tokens[max(self._index - 2, 0) : self._index]):
            return f"the types are {TYPE_NAMES}"
        close = closest(self._word, ("NULL", "MISSING"))
        return f"did you mean {close}?" if close else "IS tests for NULL, MISSING or a type; compare with ="

    def _name_only(self) -> str | None:
        """A place where only a name can stand."""
        if self._token.key == "text":
            return f"a name stands in double quotes, a text in single ones: {self._as_name(self._token)}"
        if self._token.key not in RESERVED:
            return None
        return _reserved_as_name(self._token.key, self._as_name(self._token))

    def _structure(self) -> str | None:
        if self._word in CLAUSES:
            return CLAUSES[self._word]
        if self._word in ("SELECT", "VALUES"):
            return "S3 Select has no subqueries; run the inner query first and write its result into this one"
        if self._word in AGGREGATES:
            in_where = any(token.key == "WHERE" for token in self._tokens[: self._index])
            return _SINGLE_ROWS if in_where else None
        names_column = self._token.type in ("IDENTIFIER", "QUOTED_IDENTIFIER") or self._token.key == "*"
        return _ONE_ROW if names_column else None

    # ---- what may stand in the way

    def _call(self) -> str | None:
        """A function of another dialect whose name is reserved here."""
        called = self._after is not None and self._after.key == "("
        if self._token.key in RESERVED and (called or self._word.startswith("CURRENT_")):
            return FUNCTIONS.get(self._word)
        return None

    def _surplus_comma(self) -> str | None:
        before = self._before
        if before is None or before.key != "," or not self._reads_on(before, ""):
            return None
        return f"a comma too many before {self._token.text if self._token.type != 'EOF' else 'the end'}"

    def _operator(self) -> str | None:
        """An operator of two signs that are one here, or of another dialect."""
        before = self._before
        if before is None or before.end != self._token.start:
            return None
        written = OPERATORS.get(before.text + self._token.text)
        if written is not None:
            return f"the operator is written {written}"
        if self._token.key == ":" and self._after is not None and self._after.key == ":":
            return "a type is changed by CAST(s.x AS INT)"
        if before.type == "IDENTIFIER" and self._token.key == "number" and self._token.text.startswith("."):
            return f"the number of a column has an underscore: {before.text}._{self._token.text[1:]}"
        return None

    def _clause(self) -> str | None:
        """A clause that is not there."""
        if self._token.key == "," and any(
            token.key == "LIMIT" for token in self._tokens[max(self._index - 2, 0) : self._index]
        ):
            return CLAUSES["OFFSET"]
        if self._word in CLAUSES:
            return CLAUSES[self._word]
        if self._before is not None and self._before.key == ";":
            return "a query is one statement; run the next one by itself"
        return None

    def _table(self) -> str | None:
        """A reserved word in place of the table: ``FROM table``."""
        before = self._before
        if before is None or before.key != "FROM" or self._token.key not in RESERVED - _STRUCTURAL:
            return None
        keys = [token.key for token in self._tokens[: self._index]]
        # EXTRACT, SUBSTRING and TRIM have a FROM of their own.
        return _TABLE if keys.count("(") == keys.count(")") else None

    def _clause_taken_for_name(self) -> str | None:
        """A clause whose word is not reserved, so that it was read as an alias."""
        before = self._before
        return CLAUSES.get(_word_of(before)) if before is not None and before.type == "IDENTIFIER" else None

    def _misspelt(self) -> str | None:
        """A word at the place, or before it where it was taken for an alias or a name."""
        for token in (self._token, self._before):
            if token is None or token.type != "IDENTIFIER":
                continue
            for word in get_close_matches(token.text.upper(), _WORDS, n=2, cutoff=0.6):
                if self._reads_on(token, word):
                    return f"did you mean {word}?"
        return None

    def _reserved(self) -> str | None:
        """A reserved word meant as a name, here or just before: ``SELECT value FROM`` fails at FROM."""
        for token in (self._token, self._before):
            if token is None or token.key not in RESERVED or token.key in _STRUCTURAL:
                continue
            if self._reads_on(token, _in_double_quotes(token)):
                return _reserved_as_name(token.key, self._as_name(token))
        return None

    def _odd_text(self) -> str | None:
        """Words in place of a text: ``city = New York``."""
        if self._index < 2 or self._before is None:
            return None
        names = self._token.type == self._before.type == "IDENTIFIER"
        if names and self._tokens[self._index - 2].key in _COMPARISONS:
            return f"a text stands in single quotes: '{self._before.text} {self._token.text}'"
        return None

    def _missing_from(self) -> str | None:
        if self._token.type == "EOF" or self._word in ("WHERE", "LIMIT"):
            return "every query has a FROM: FROM S3Object s"
        return None

    # ---- the text

    def _as_name(self, token: Token) -> str:
        """*token* in double quotes, behind the name it was written behind."""
        index = self._tokens.index(token)
        row = self._tokens[index - 2]
        if (
            index > 1
            and self._tokens[index - 1].key == "."
            and row.type in ("IDENTIFIER", "QUOTED_IDENTIFIER")
        ):
            return f"{self._sql[row.start : row.end]}.{_in_double_quotes(token)}"
        return _in_double_quotes(token)

    def _reads_on(self, token: Token, written: str) -> bool:
        """Whether the query, with *written* in place of *token*, parses further than to this place."""
        changed = self._sql[: token.start] + written + self._sql[token.end :]
        behind = self._token.start + (
            len(written) - (token.end - token.start) if token is not self._token else 0
        )
        try:
            StatementParser(changed, S3_SELECT).statement()
        except S3SelectError as error:
            return error.position is not None and error.position.offset(changed) > behind
        return True


def _in_double_quotes(token: Token) -> str:
    return '"' + token.text.replace('"', '""') + '"'


def _reserved_as_name(word: str, name: str) -> str:
    return f"{word} is a reserved word; as a name it stands in double quotes: {name}"


def _word_of(token: Token | None) -> str:
    """The word in upper case; empty for what is none."""
    if token is None or token.type in ("QUOTED_IDENTIFIER", "ION_LITERAL") or token.key in ("text", "number"):
        return ""
    return token.text.upper() if re.fullmatch(r"\w+", token.text) else ""


def _row_name(tokens: list[Token]) -> str:
    """How the query calls its rows: the last name between FROM and WHERE, LIMIT or the end."""
    begin = next((number for number, token in enumerate(tokens) if token.key == "FROM"), len(tokens) - 1)
    name = "S3Object"
    for token in tokens[begin + 1 :]:
        if token.key in ("WHERE", "LIMIT"):
            break
        if token.type == "IDENTIFIER":
            name = token.text
    return name
