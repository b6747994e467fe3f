-- The one source and its path.
SELECT * FROM S3Object
SELECT * FROM S3OBJECT s
SELECT * FROM S3Object AS s
SELECT * FROM S3Object[*]
SELECT * FROM S3Object[*] s
SELECT * FROM S3Object[*] AS s
SELECT * FROM "S3Object"
SELECT * FROM S3Object[*].a
SELECT * FROM S3Object[*].a[*].b AS b
SELECT * FROM S3Object[*]."A"['b'][0].* x
SELECT * FROM S3Object[*][*]
SELECT id FROM S3Object[*].Rules[*].id WHERE id IS NOT MISSING
SELECT _1.dir_name, _1.owner FROM S3Object[*]
SELECT my_n FROM S3Object[*].Name my_n
