-- Reserved words used as names, by place.
-- Each statement stands under its error: code, line and column.

-- ParseUnExpectedKeyword 1:8
SELECT year FROM S3Object

-- ParseUnExpectedKeyword 1:30
SELECT a FROM S3Object WHERE year = 1

-- ParseUnExpectedKeyword 1:30
SELECT a FROM S3Object WHERE date = 'x'

-- ParseUnExpectedKeyword 1:8
SELECT count FROM S3Object

-- ParseUnExpectedKeyword 1:8
SELECT LOWER FROM S3Object

-- ParseUnExpectedKeyword 1:8
SELECT leading FROM S3Object

-- ParseUnExpectedKeyword 1:8
SELECT DATE('x') FROM S3Object

-- ParseUnExpectedKeyword 1:8
SELECT and FROM S3Object

-- ParseInvalidPathComponent 1:14
select min(s.year) from s3object s

-- ParseInvalidPathComponent 1:10
SELECT s.date FROM S3Object s

-- ParseInvalidPathComponent 1:10
SELECT s.null FROM S3Object s

-- ParseExpectedIdentForAlias 1:13
SELECT a AS date FROM S3Object

-- ParseSelectMissingFrom 1:10
SELECT a date FROM S3Object

-- ParseExpectedIdentForAlias 1:27
SELECT a FROM S3Object AS value

-- ParseUnexpectedToken 1:24
SELECT a FROM S3Object value
