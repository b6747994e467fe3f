-- Clauses that S3 Select does not have; a parse error wins over a refused clause before it.
-- Each statement stands under its error: code, line and column.

-- ParseUnexpectedToken 1:45
SELECT x, count(*) FROM S3Object GROUP BY x ORDER BY count(*) DESC LIMIT 10

-- ParseUnexpectedToken 1:24
SELECT a FROM S3Object ORDER BY a

-- ParseUnexpectedToken 1:24
SELECT a FROM S3Object OFFSET 3

-- ParseUnexpectedToken 1:32
SELECT a FROM S3Object LIMIT 1 OFFSET 3

-- ParseUnexpectedToken 1:25
SELECT a FROM S3Object; SELECT b FROM S3Object

-- ParseUnexpectedToken 1:24
SELECT a FROM S3Object;;

-- ParseExpectedKeyword 1:30
SELECT a FROM S3Object GROUP x

-- ParseExpectedExpression 1:32
SELECT a FROM S3Object GROUP BY

-- ParseUnsupportedLiteralsGroupBy 1:33
SELECT a FROM S3Object GROUP BY 1

-- ParseUnsupportedLiteralsGroupBy 1:36
SELECT a FROM S3Object GROUP BY a, 'x'

-- ParseExpectedTokenType 1:41
SELECT a FROM S3Object GROUP BY a GROUP 1

-- ParseExpectedIdentForGroupName 1:44
SELECT a FROM S3Object GROUP BY a GROUP AS 1

-- UnsupportedSqlStructure 1:24
SELECT a FROM S3Object GROUP BY a AS k GROUP AS g HAVING b

-- UnsupportedSqlStructure 1:24
SELECT a FROM S3Object HAVING a

-- ParseUnexpectedToken 1:33
SELECT DISTINCT a FROM S3Object ORDER BY a

-- UnsupportedSqlStructure 1:24
SELECT a FROM S3Object UNION SELECT a FROM S3Object

-- UnsupportedSqlStructure 1:24
SELECT a FROM S3Object EXCEPT ALL SELECT a FROM S3Object

-- UnsupportedSqlStructure 1:24
SELECT a FROM S3Object INTERSECT (SELECT a FROM S3Object)

-- ParseUnexpectedToken 1:36
SELECT a FROM S3Object WHERE a = 1 WHERE b = 2

-- ParseUnexpectedToken 1:35
SELECT a FROM S3Object WHERE a = 1)

-- ParseUnexpectedToken 1:32
SELECT a FROM S3Object LIMIT 1 WHERE a
