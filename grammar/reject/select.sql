-- The statement, the select list and LIMIT.
-- Each statement stands under its error: code, line and column.

-- ParseEmptySelect 1:7
SELECT

-- ParseEmptySelect 1:8
SELECT FROM S3Object

-- ParseSelectMissingFrom 1:9
SELECT 1

-- ParseSelectMissingFrom 1:12
SELECT a b c FROM S3Object

-- ParseSelectMissingFrom 1:10
SELECT a WHERE b FROM S3Object

-- ParseUnexpectedToken 1:9
SELECT s.5 FROM S3Object s

-- ParseUnexpectedToken 1:11
SELECT 1.2.3 FROM S3Object

-- ParseExpectedIdentForAlias 1:13
SELECT a AS 'x' FROM S3Object

-- ParseExpectedIdentForAlias 1:13
SELECT a AS FROM S3Object

-- ParseUnsupportedAlias 1:10
SELECT * AS x FROM S3Object

-- ParseUnsupportedAlias 1:12
SELECT s.* x FROM S3Object s

-- ParseAsteriskIsNotAloneInSelectList 1:8
SELECT *, a FROM S3Object

-- ParseAsteriskIsNotAloneInSelectList 1:11
SELECT a, * FROM S3Object

-- ParseCannotMixSqbAndWildcardInSelectList 1:13
SELECT f[1].* FROM S3Object f

-- ParseCannotMixSqbAndWildcardInSelectList 1:15
SELECT f['a'].* FROM S3Object f

-- ParseInvalidContextForWildcardInSelectList 1:10
SELECT f.*.b FROM S3Object f

-- ParseInvalidContextForWildcardInSelectList 1:9
SELECT f[*] FROM S3Object f

-- ParseInvalidContextForWildcardInSelectList 1:9
SELECT f[*].b AS x FROM S3Object f

-- ParseUnsupportedSelect 1:8
SELECT VALUE a FROM S3Object

-- UnsupportedSqlStructure 1:8
SELECT DISTINCT a FROM S3Object

-- ParseUnexpectedTerm 1:8
SELECT , a FROM S3Object

-- ParseUnExpectedKeyword 1:11
SELECT a, FROM S3Object

-- ParseExpectedNumber 1:29
SELECT a FROM S3Object LIMIT

-- ParseExpectedNumber 1:30
SELECT a FROM S3Object LIMIT x

-- EvaluatorNegativeLimit 1:30
SELECT a FROM S3Object LIMIT -1

-- ParseExpectedNumber 1:30
SELECT a FROM S3Object LIMIT +5

-- ParseExpectedNumber 1:30
SELECT a FROM S3Object LIMIT 1.5

-- ParseExpectedNumber 1:32
SELECT a FROM S3Object LIMIT 5 + 5

-- ParseUnexpectedToken 1:31
SELECT a FROM S3Object LIMIT 5, 10

-- ParseUnexpectedToken 1:33
SELECT a FROM S3Object LIMIT -1 ORDER BY a

-- UnsupportedSqlOperation 1:1
INSERT INTO S3Object VALUES (1)

-- UnsupportedSqlOperation 1:1
drop table S3Object

-- ParseExpectedKeyword 1:1
WITH t AS (SELECT 1 FROM S3Object) SELECT 1 FROM S3Object

-- ParseExpectedKeyword 1:1
(SELECT a FROM S3Object)

-- ParseExpectedKeyword 1:1
x
