-- Literals, Ion literals, blanks and comments.
SELECT 1, 007, 9223372036854775807, -9223372036854775808, 9223372036854775808, 123456789012345678901234567890 FROM S3Object
SELECT 1.5, .5, 5., 1e3, 1E+3, 1.50e-3, - 1, + 1, - - 1, -(1) FROM S3Object
SELECT '', 'it''s', 'a\tb', 'é', '--', '/*', '"' FROM S3Object
SELECT TRUE, false, NULL, MISSING FROM S3Object
SELECT [], [1], [1, [2, 'x']], (1, 2) FROM S3Object
SELECT `2010T`, `2010-02T`, `2010-01-01`, `2010-01-01T`, `2017-01-02T03:04Z`, `2017-01-02T03:04:05.006-00:00` FROM S3Object
SELECT `1e0`, `1.5E-3`, `nan`, `+inf`, `-inf`, -`1e0` FROM S3Object
SELECT `1`, `-1`, `0x1F`, `0b101`, `1_000`, `1d0`, `1.0`, `-1.5d3`, `1.` FROM S3Object
SELECT `null`, `null.int`, `true`, `false`, `"te\"xt"`, `TRUE`, `foo`, `'quoted symbol'`, `""` FROM S3Object
SELECT /* in */a/* between */FROM/**/S3Object
SELECT	aFROMS3Object
