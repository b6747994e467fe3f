-- Operators and their ranks.
SELECT * FROM S3Object s WHERE s.a = 1
SELECT * FROM S3Object WHERE a <> 1 AND b != 2 OR c < 3 AND NOT d >= 4
SELECT * FROM S3Object WHERE (a OR b) AND (c OR d)
SELECT * FROM S3Object WHERE a AND (b AND c) AND d
SELECT * FROM S3Object WHERE NOT NOT a
SELECT * FROM S3Object WHERE NOT (a AND b)
SELECT * FROM S3Object WHERE NOT a = b
SELECT * FROM S3Object WHERE (NOT a) = b
SELECT * FROM S3Object WHERE 1 = 1 = true
SELECT * FROM S3Object WHERE a = (b = c)
SELECT * FROM S3Object WHERE a < b = c
SELECT * FROM S3Object WHERE a < (b = c)
SELECT * FROM S3Object WHERE a - (b - c) - d > 0
SELECT * FROM S3Object WHERE a - b + c || d = 'x'
SELECT * FROM S3Object WHERE (a + b) * c / d % e = 0
SELECT * FROM S3Object WHERE a * (b / c) = 0
SELECT * FROM S3Object WHERE -a = + b
SELECT * FROM S3Object WHERE - - a = - + a
SELECT * FROM S3Object WHERE -(a + b) = -(-a)
SELECT * FROM S3Object WHERE a - -1 = a - - b
SELECT * FROM S3Object WHERE a BETWEEN 1 AND 2 AND b NOT BETWEEN c + 1 AND c * 2
SELECT * FROM S3Object WHERE a BETWEEN (b AND c) AND (d OR e)
SELECT * FROM S3Object WHERE a LIKE 'x%' AND b NOT LIKE c || '%' ESCAPE '!'
SELECT * FROM S3Object WHERE (a LIKE b) LIKE c
SELECT * FROM S3Object WHERE a IN (1)
SELECT * FROM S3Object WHERE a NOT IN (1, 'x', b + 1)
SELECT * FROM S3Object WHERE a IN ['X', 'Y'] OR 'bar' IN s.synonyms OR 'bar' IN s.synonyms[*]
SELECT * FROM S3Object WHERE a IN b || c
SELECT * FROM S3Object WHERE a IN (b || c)
SELECT * FROM S3Object WHERE (a, b) IN ((1, 2), (3, 4))
SELECT * FROM S3Object WHERE a NOT IN (1) = true
SELECT * FROM S3Object WHERE a IS NULL AND b IS NOT NULL AND c IS MISSING AND d IS NOT MISSING
SELECT * FROM S3Object WHERE a IS INTEGER OR b IS NOT STRING OR c IS DOUBLE PRECISION OR d IS DECIMAL(3, 2)
SELECT * FROM S3Object WHERE (a IS NULL) IS NOT NULL
SELECT * FROM S3Object WHERE (a = 1 OR b = 2) IS MISSING
SELECT * FROM S3Object WHERE 'x' IN s.a.*.b AND s.x[*].y = s.x[0].*
SELECT * FROM S3Object WHERE [1, 2][0] = 1 AND (1, 2)[1] = 2 AND lower(a).b = (a + b).c AND [] = []
SELECT * FROM S3Object WHERE (-1)[0] = -1[0] AND (1).a IS MISSING AND 'x'.y IS MISSING
