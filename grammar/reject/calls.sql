-- Functions, CAST and CASE.
-- Each statement stands under its error: code, line and column.

-- UnsupportedFunction 1:8
SELECT foo(a) FROM S3Object

-- UnsupportedFunction 1:8
SELECT SIZE(a) FROM S3Object

-- UnsupportedFunction 1:8
SELECT EXISTS(a) FROM S3Object

-- UnsupportedFunction 1:8
SELECT POSITION(a) FROM S3Object

-- UnsupportedFunction 1:8
SELECT OCTET_LENGTH(a), BIT_LENGTH(b) FROM S3Object

-- EvaluatorInvalidArguments 1:8
SELECT LOWER() FROM S3Object

-- EvaluatorInvalidArguments 1:8
SELECT LOWER(a, b) FROM S3Object

-- EvaluatorInvalidArguments 1:8
SELECT NULLIF(a) FROM S3Object

-- EvaluatorInvalidArguments 1:8
SELECT COALESCE() FROM S3Object

-- EvaluatorInvalidArguments 1:8
SELECT UTCNOW(1) FROM S3Object

-- EvaluatorInvalidArguments 1:8
SELECT TO_STRING(a) FROM S3Object

-- EvaluatorInvalidArguments 1:8
SELECT DATE_ADD(year, 1) FROM S3Object

-- EvaluatorInvalidArguments 1:8
SELECT DATE_DIFF(year, a, b, c) FROM S3Object

-- ParseNonUnaryAgregateFunctionCall 1:8
SELECT COUNT() FROM S3Object

-- ParseNonUnaryAgregateFunctionCall 1:8
SELECT SUM(a, b) FROM S3Object

-- ParseUnsupportedCallWithStar 1:12
SELECT SUM(*) FROM S3Object

-- ParseUnsupportedCallWithStar 1:14
SELECT LOWER(*) FROM S3Object

-- UnsupportedSqlStructure 1:14
SELECT COUNT(DISTINCT a) FROM S3Object

-- ParseUnExpectedKeyword 1:14
SELECT LOWER(DISTINCT a) FROM S3Object

-- ParseExpected2TokenTypes 1:16
SELECT LOWER(a FROM S3Object

-- ParseExpected2TokenTypes 1:16
SELECT LOWER(a b) FROM S3Object

-- ParseExpectedLeftParenAfterCast 1:13
SELECT CAST a FROM S3Object

-- ParseExpectedTokenType 1:14
SELECT CAST(a) FROM S3Object

-- ParseExpectedTypeName 1:17
SELECT CAST(a AS) FROM S3Object

-- ParseExpectedTypeName 1:18
SELECT CAST(a AS foo) FROM S3Object

-- ParseExpectedTypeName 1:18
SELECT CAST(a AS DATE) FROM S3Object

-- ParseExpectedTypeName 1:18
SELECT CAST(a AS DOUBLE) FROM S3Object

-- ParseExpectedTokenType 1:22
SELECT CAST(a AS INT FROM S3Object

-- ParseCastArity 1:18
SELECT CAST(a AS INT(5)) FROM S3Object

-- ParseCastArity 1:18
SELECT CAST(a AS DECIMAL(1, 2, 3)) FROM S3Object

-- ParseInvalidTypeParam 1:26
SELECT CAST(a AS DECIMAL(x)) FROM S3Object

-- ParseInvalidTypeParam 1:26
SELECT CAST(a AS DECIMAL(-1)) FROM S3Object

-- ParseInvalidTypeParam 1:26
SELECT CAST(a AS DECIMAL(1.5)) FROM S3Object

-- ParseExpected2TokenTypes 1:28
SELECT CAST(a AS DECIMAL(1 2)) FROM S3Object

-- InvalidDataType 1:18
SELECT CAST(a AS LIST) FROM S3Object

-- InvalidDataType 1:18
SELECT CAST(a AS NULL) FROM S3Object

-- ParseExpectedLeftParenBuiltinFunctionCall 1:18
SELECT SUBSTRING a FROM S3Object

-- ParseExpectedArgumentDelimiter 1:19
SELECT SUBSTRING(a) FROM S3Object

-- ParseExpectedArgumentDelimiter 1:20
SELECT SUBSTRING(a FOR 1) FROM S3Object

-- ParseExpectedRightParenBuiltinFunctionCall 1:23
SELECT SUBSTRING(a, 1 FROM S3Object

-- ParseExpectedRightParenBuiltinFunctionCall 1:26
SELECT SUBSTRING(a FROM 1, 2) FROM S3Object

-- ParseExpectedLeftParenBuiltinFunctionCall 1:13
SELECT TRIM a FROM S3Object

-- ParseExpectedRightParenBuiltinFunctionCall 1:14
SELECT TRIM(a, b) FROM S3Object

-- ParseExpectedKeyword 1:22
SELECT TRIM(LEADING a) FROM S3Object

-- ParseExpectedLeftParenBuiltinFunctionCall 1:16
SELECT EXTRACT YEAR FROM S3Object

-- ParseExpectedDatePart 1:16
SELECT EXTRACT(foo FROM a) FROM S3Object

-- ParseExpectedDatePart 1:16
SELECT EXTRACT('year' FROM a) FROM S3Object

-- ParseExpectedKeyword 1:21
SELECT EXTRACT(YEAR a) FROM S3Object

-- ParseExpectedRightParenBuiltinFunctionCall 1:28
SELECT EXTRACT(YEAR FROM a b) FROM S3Object

-- ParseExpectedDatePart 1:17
SELECT DATE_ADD(timezone_hour, 1, a) FROM S3Object

-- ParseExpectedDatePart 1:17
SELECT DATE_ADD('year', 1, a) FROM S3Object

-- ParseExpectedDatePart 1:18
SELECT DATE_DIFF() FROM S3Object

-- ParseExpected2TokenTypes 1:23
SELECT DATE_DIFF(year a) FROM S3Object

-- ParseExpectedWhenClause 1:15
SELECT CASE a END FROM S3Object

-- ParseExpectedWhenClause 1:13
SELECT CASE END FROM S3Object

-- ParseExpectedWhenClause 1:13
SELECT CASE ELSE 1 END FROM S3Object

-- ParseExpectedKeyword 1:20
SELECT CASE WHEN a FROM S3Object

-- ParseExpectedKeyword 1:27
SELECT CASE WHEN a THEN b FROM S3Object

-- ParseExpectedKeyword 1:34
SELECT CASE WHEN a THEN b ELSE c FROM S3Object
