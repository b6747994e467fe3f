-- Terms, operators, paths and lists.
-- Each statement stands under its error: code, line and column.

-- ParseExpectedExpression 1:29
SELECT a FROM S3Object WHERE

-- ParseExpectedExpression 1:33
SELECT a FROM S3Object WHERE a =

-- ParseExpectedExpression 1:35
SELECT a FROM S3Object WHERE a AND

-- ParseExpectedExpression 1:45
SELECT a FROM S3Object WHERE a LIKE b ESCAPE

-- ParseExpectedExpression 1:9
SELECT () FROM S3Object

-- ParseExpectedExpression 1:36
SELECT a FROM S3Object WHERE a IN ()

-- ParseExpectedLeftParenValueConstructor 1:42
SELECT a FROM S3Object WHERE a IN VALUES 1

-- UnsupportedSqlStructure 1:36
SELECT a FROM S3Object WHERE a IN (SELECT b FROM S3Object)

-- UnsupportedSqlStructure 1:9
SELECT (SELECT b FROM S3Object) FROM S3Object

-- ParseExpected2TokenTypes 1:40
SELECT a FROM S3Object WHERE a IN (1, 2

-- ParseExpected2TokenTypes 1:38
SELECT a FROM S3Object WHERE a IN (1 2)

-- ParseExpectedTokenType 1:11
SELECT (a FROM S3Object

-- ParseExpectedTokenType 1:11
SELECT (1 2) FROM S3Object

-- ParseExpected2TokenTypes 1:11
SELECT [1 FROM S3Object

-- ParseUnexpectedOperator 1:8
SELECT % FROM S3Object

-- ParseUnexpectedOperator 1:12
SELECT a + = b FROM S3Object

-- ParseUnexpectedOperator 1:11
SELECT a == b FROM S3Object

-- ParseUnexpectedOperator 1:43
SELECT a FROM S3Object WHERE _1 = 'a' AND % = 1

-- ParseUnexpectedTerm 1:12
SELECT 1 + * FROM S3Object

-- ParseUnexpectedTerm 1:12
SELECT a + ) FROM S3Object

-- ParseEmptySelect 1:8
SELECT ; FROM S3Object

-- ParseMissingIdentAfterAt 1:10
SELECT @ FROM S3Object

-- ParseMissingIdentAfterAt 1:9
SELECT @1 FROM S3Object

-- UnsupportedSyntax 1:8
SELECT {'a': 1} FROM S3Object

-- ParseExpectedTokenType 1:13
SELECT {'a' 1} FROM S3Object

-- ParseExpected2TokenTypes 1:16
SELECT {'a': 1 FROM S3Object

-- UnsupportedSyntax 1:8
SELECT <<1, 2>> FROM S3Object

-- ParseInvalidPathComponent 1:10
SELECT a.'b' FROM S3Object

-- ParseInvalidPathComponent 1:11
SELECT a. FROM S3Object

-- ParseInvalidPathComponent 1:10
SELECT a.[1] FROM S3Object

-- ParseUnExpectedKeyword 1:11
SELECT a[ FROM S3Object

-- ParseUnexpectedTerm 1:10
SELECT a[] FROM S3Object

-- ParseExpectedTokenType 1:12
SELECT a[1 FROM S3Object

-- UnsupportedSyntax 1:10
SELECT a[b] FROM S3Object

-- UnsupportedSyntax 1:10
SELECT a[-1] FROM S3Object

-- UnsupportedSyntax 1:10
SELECT a[1.5] FROM S3Object

-- ParseUnexpectedToken 1:33
SELECT * FROM S3OBJECT s WHERE s.5 = 'x'

-- ParseUnexpectedToken 1:32
SELECT a FROM S3Object WHERE a NOT b

-- ParseExpectedKeyword 1:41
SELECT a FROM S3Object WHERE a BETWEEN 1

-- ParseExpectedKeyword 1:42
SELECT a FROM S3Object WHERE a BETWEEN 1 OR 2

-- ParseUnExpectedKeyword 1:42
SELECT * FROM S3Object WHERE a.b = 1 AND is "true"

-- ParseExpectedTypeName 1:42
SELECT * FROM S3Object AS s WHERE s.a IS "true"

-- ParseExpectedTypeName 1:35
SELECT a FROM S3Object WHERE a IS 5

-- ParseExpectedTypeName 1:38
SELECT a FROM S3Object WHERE a IS NOT

-- InvalidDataType 1:35
SELECT a FROM S3Object WHERE a IS LIST
