-- The source: other tables, paths without [*], joins.
-- Each statement stands under its error: code, line and column.

-- ParseExpectedExpression 1:14
SELECT a FROM

-- InvalidTableAlias 1:15
SELECT a FROM foo

-- InvalidTableAlias 1:15
SELECT a FROM foo f WHERE b

-- InvalidTableAlias 1:15
SELECT a FROM 'S3Object'

-- InvalidKeyPath 1:24
SELECT a FROM S3Object.x

-- InvalidKeyPath 1:23
SELECT a FROM S3Object[0]

-- InvalidKeyPath 1:24
SELECT a FROM S3Object.*

-- ParseInvalidPathComponent 1:27
SELECT a FROM S3Object[*].date

-- ParseInvalidPathComponent 1:27
SELECT a FROM S3Object[*].[0]

-- UnsupportedSyntax 1:27
SELECT a FROM S3Object[*][x]

-- ParseExpectedIdentForAlias 1:27
SELECT a FROM S3Object AS 1

-- ParseExpectedIdentForAt 1:29
SELECT a FROM S3Object s AT 5

-- UnsupportedSyntax 1:26
SELECT a FROM S3Object s AT i

-- ParseUnexpectedToken 1:26
SELECT a FROM S3Object s t

-- MultipleDataSourcesUnsupported 1:23
SELECT a FROM S3Object, x

-- ParseMalformedJoin 1:30
SELECT a FROM S3Object JOIN x

-- ParseMalformedJoin 1:29
SELECT a FROM S3Object LEFT x

-- ParseMalformedJoin 1:24
SELECT a FROM S3Object INNER JOIN x ON a = b

-- ParseMalformedJoin 1:24
SELECT a FROM S3Object LEFT OUTER JOIN x ON a = b

-- ParseMalformedJoin 1:24
SELECT a FROM S3Object CROSS JOIN x

-- UnsupportedSqlStructure 1:15
SELECT a FROM UNPIVOT S3Object

-- UnsupportedSqlStructure 1:16
SELECT a FROM (SELECT b FROM S3Object)

-- ParseExpectedLeftParenValueConstructor 1:22
SELECT a FROM VALUES 1

-- UnsupportedSqlStructure 1:15
SELECT a FROM VALUES (1, 2), (3, 4)
