-- Characters, literals and Ion literals that are none.
-- Each statement stands under its error: code, line and column.

-- LexerInvalidChar 1:8
SELECT # FROM S3Object

-- LexerInvalidChar 1:8
SELECT é FROM S3Object

-- LexerInvalidChar 1:10
SELECT a ! b FROM S3Object

-- LexerInvalidChar 1:30
SELECT a FROM S3Object WHERE ?

-- LexerInvalidChar 1:8
SELECT \ FROM S3Object

-- LexerInvalidOperator 1:10
SELECT a ^ b FROM S3Object

-- LexerInvalidOperator 1:10
SELECT a | b FROM S3Object

-- LexerInvalidOperator 1:10
SELECT a & b FROM S3Object

-- LexerInvalidOperator 1:8
SELECT ~a FROM S3Object

-- LexerInvalidLiteral 1:8
SELECT 'abc FROM S3Object

-- LexerInvalidLiteral 1:8
SELECT "abc FROM S3Object

-- LexerInvalidLiteral 1:8
SELECT 1abc FROM S3Object

-- LexerInvalidLiteral 1:8
SELECT 1e FROM S3Object

-- LexerInvalidLiteral 1:8
SELECT 1.5e+ FROM S3Object

-- LexerInvalidLiteral 1:8
SELECT 0x1F FROM S3Object

-- LexerInvalidLiteral 1:10
SELECT a /* FROM S3Object

-- LexerInvalidIONLiteral 1:8
SELECT `2010 FROM S3Object

-- LexerInvalidIONLiteral 1:8
SELECT `2010-02-30` FROM S3Object

-- LexerInvalidIONLiteral 1:8
SELECT `2017-01-02T03:04` FROM S3Object

-- LexerInvalidIONLiteral 1:8
SELECT `2010-01-01TZ` FROM S3Object

-- LexerInvalidIONLiteral 1:8
SELECT `[1]` FROM S3Object

-- LexerInvalidIONLiteral 1:8
SELECT `` FROM S3Object

-- LexerInvalidIONLiteral 1:8
SELECT `a b` FROM S3Object

-- LexerInvalidIONLiteral 1:8
SELECT `01` FROM S3Object

-- LexerInvalidIONLiteral 1:8
SELECT `"\q"` FROM S3Object

-- LexerInvalidChar 4:8
SELECT a
FROM S3Object
WHERE a = 'x
y' AND #

-- LexerInvalidLiteral 1:17
SELECT GROUP BY 'x
