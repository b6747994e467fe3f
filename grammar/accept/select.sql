-- The select list, aliases and LIMIT.
SELECT * FROM S3Object
select * from s3object
SELECT * FROM S3Object;
SELECT ALL s.a FROM S3Object s
SELECT a FROM S3Object
SELECT a, b, c FROM S3Object s
SELECT a AS b FROM S3Object
SELECT a b, c AS "d e" FROM S3Object AS s
SELECT "a""b", "Mixed Case" FROM S3Object
SELECT s.* FROM S3Object s
SELECT s.*, s.a, b.* FROM S3Object s
SELECT s.a.* FROM S3Object s
SELECT _1, s._2, s."_3" FROM S3Object s
SELECT $a, a$b, _ FROM S3Object
SELECT 1 FROM S3Object
SELECT COUNT(*) FROM S3Object
SELECT COUNT(*) AS cnt, 1, 'x' FROM S3Object s
SELECT MAX(x) - MIN(x), SUM(a) / COUNT(*) FROM S3Object
SELECT COUNT(ALL a) FROM S3Object
SELECT a FROM S3Object LIMIT 0
SELECT a FROM S3Object LIMIT 99999999999999999999999
SELECT name, type, id, s3object FROM S3Object
SELECT date_add, utcnow, to_string FROM S3Object
SELECT a.b.c, a['b'], a['it''s'][0].c, a[10] FROM S3Object
SELECT 'bar' IN s.x[*] AS hit FROM S3Object s
SELECT @s.a FROM S3Object s
SELECT s FROM S3Object s
SELECT a "name with spaces" FROM S3Object LIMIT 5;
SELECT a FROM S3Object offset
SELECT a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a FROM S3Object
