-- Aggregates and functions in the wrong place.
-- Each statement stands under its error: code, line and column.

-- UnsupportedSqlStructure 1:16
SELECT SUM(a), b FROM S3Object

-- UnsupportedSqlStructure 1:8
SELECT a, SUM(b) FROM S3Object

-- UnsupportedSqlStructure 1:18
SELECT COUNT(*), s.* FROM S3Object s

-- ParseAsteriskIsNotAloneInSelectList 1:18
SELECT COUNT(*), * FROM S3Object

-- UnsupportedSqlStructure 1:19
SELECT COUNT(*) + a FROM S3Object

-- UnsupportedSqlStructure 1:12
SELECT SUM(MAX(a)) FROM S3Object

-- UnsupportedSqlStructure 1:22
SELECT SUM(a + LOWER(COUNT(*))) FROM S3Object

-- UnsupportedSqlStructure 1:30
SELECT a FROM S3Object WHERE COUNT(*) > 1

-- UnsupportedSqlStructure 1:41
SELECT a FROM S3Object WHERE b OR LOWER(MAX(c)) = 'x'

-- InvalidTableAlias 1:20
SELECT foo(a) FROM bar

-- UnsupportedFunction 1:30
SELECT a FROM S3Object WHERE foo(a) = LOWER()

-- InvalidDataType 3:17
SELECT a FROM S3Object
WHERE a = 1
  AND CAST(b AS BAG) = 1
