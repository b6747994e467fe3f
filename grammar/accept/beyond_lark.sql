-- What the parser reads and s3select.lark leaves out.
SELECT * FROM S3Object WHERE a = NOT b
SELECT * FROM S3Object WHERE a IN NOT b AND a IN -1
SELECT "lower"("a") FROM S3Object
SELECT * FROM S3Object WHERE a IS NULL + 1 OR a IN (b) || c OR a IS INT < b
SELECT * FROM S3Object WHERE a IN (b).c || d OR a IN (b, c)[0] OR a IN (b + c)['x']
SELECT - NOT a, 1 + NOT b = c FROM S3Object
