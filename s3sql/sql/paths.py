"""Path steps: ``.name``, ``."Name"``, ``['name']``, ``[3]``, ``.*`` and ``[*]`` after any term.

In: the tokens behind a term.  Out: the term wrapped in one node for each step.  Which wildcards are allowed
where is judged later, in ``structure.py``.

Source: AWS S3 User Guide, "SELECT command" (FROM clause, attribute access); PartiQL v0.1 for steps after any
term.
"""

from __future__ import annotations

from sqlglot import exp

from s3sql.sql import nodes
from s3sql.sql.cursor import Cursor, described


class PathParser(Cursor):
    """The part of the parser that reads path steps."""

    def steps(self, term: exp.Expr) -> exp.Expr:
        """*term* with all steps that follow it.

        Raises:
            S3SelectError: ParseInvalidPathComponent after a dot, ParseExpectedTokenType without ``]``,
                UnsupportedSyntax for a step in brackets that is no integer, text or ``*``.
        """
        while True:
            key = self.token.key
            if key == ".":
                term = self._dot_step(term)
            elif key == "[":
                term = self._bracket_step(term)
            else:
                return term

    def _dot_step(self, term: exp.Expr) -> exp.Expr:
        self.advance()
        token = self.token
        if self.at_name():
            return self.placed(nodes.name_step(term, self.name()), token)
        if token.key == "*":
            self.advance()
            return self.placed(nodes.members_step(term), token)
        kind = described(token).partition(":")[0]
        place = self.position(token)
        # This message gives the type alone, and no blank before "at" [observed].
        raise self.error(
            "ParseInvalidPathComponent",
            f"Invalid Path component, expecting either an IDENTIFIER or STAR, got: {kind},at {place}.",
            token,
        )

    def _bracket_step(self, term: exp.Expr) -> exp.Expr:
        opening = self.advance()
        token = self.token
        if token.key == "*" and self.peek().key == "]":
            self.advance()
            self.advance()
            return self.placed(nodes.bracket_step(term, exp.Star()), opening)
        key = self.expression()
        if not isinstance(key, exp.Literal) or (nodes.is_number(key) and not key.this.isdigit()):
            self.refuse(
                "UnsupportedSyntax",
                "A path step in brackets is an unsigned integer, a text or *; found another expression",
                token,
            )
        self.expect("]")
        return self.placed(nodes.bracket_step(term, key), opening)
