-- What queries on archived objects have not: other tables, LIMIT, aggregates, paths.
-- Each statement stands under its error: code, line and column.

-- InvalidTableAlias 1:15
SELECT * FROM S3Object

-- InvalidTableAlias 2:6
SELECT *
FROM s3object s

-- InvalidTableAlias 1:15
SELECT * FROM foo

-- InvalidTableAlias 1:15
SELECT * FROM 'Object'

-- UnsupportedSqlStructure 1:22
SELECT * FROM Object LIMIT 5

-- UnsupportedSqlStructure 1:22
SELECT * FROM Object LIMIT -5

-- ParseExpectedNumber 1:28
SELECT * FROM Object LIMIT x

-- ParseUnexpectedToken 1:30
SELECT * FROM Object LIMIT 5 5

-- UnsupportedSqlStructure 1:8
SELECT COUNT(*) FROM Object

-- UnsupportedSqlStructure 1:12
SELECT 1 + MAX(_1) FROM Object

-- UnsupportedSqlStructure 1:29
SELECT _1 FROM Object WHERE SUM(_1) > 1

-- UnsupportedSqlStructure 1:8
SELECT DISTINCT _1 FROM Object

-- UnsupportedSqlStructure 1:23
SELECT _1 FROM Object GROUP BY _1

-- ParseUnexpectedToken 1:23
SELECT _1 FROM Object ORDER BY _1

-- MultipleDataSourcesUnsupported 1:22
SELECT _1 FROM Object, Archive

-- ParseMalformedJoin 1:23
SELECT _1 FROM Object JOIN Archive ON _1 = _2

-- InvalidKeyPath 1:21
SELECT * FROM Object[*]

-- InvalidKeyPath 1:21
SELECT * FROM Object[*].a

-- InvalidKeyPath 1:22
SELECT * FROM Object.a

-- InvalidKeyPath 1:12
SELECT s.a.b FROM Object s

-- InvalidKeyPath 1:9
SELECT s['a'] FROM Object s

-- InvalidKeyPath 1:10
SELECT _1[0] FROM Object

-- InvalidKeyPath 1:41
SELECT _1 FROM Object s WHERE 'x' IN s.a[*]

-- InvalidKeyPath 1:12
SELECT s.a.* FROM Object s

-- InvalidKeyPath 1:14
SELECT [1, 2][0] FROM Object

-- InvalidKeyPath 1:18
SELECT LOWER(s.a.b) FROM Object s

-- InvalidTableAlias 1:8
SELECT _1._2 FROM Object

-- InvalidTableAlias 1:8
SELECT t.* FROM Object s

-- InvalidTableAlias 1:8
SELECT Archive._1 FROM Object

-- InvalidTableAlias 1:8
SELECT "S"._1 FROM Object s

-- InvalidTableAlias 1:8
SELECT S3Object._1 FROM Object
