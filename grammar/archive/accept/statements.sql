-- The dialect of queries on archived objects: one statement a line that parses and round-trips.
SELECT * FROM Object
SELECT * FROM OBJECT
SELECT * FROM archive
SELECT * FROM "Object"
SELECT * FROM Archive AS a
SELECT s.* FROM Object s
SELECT s._1, s._2 FROM Object s WHERE s._3 > 100
SELECT s.Id, s.FirstName FROM Object s
SELECT Object._1, S._2, _3 FROM Object s WHERE CAST(s._3 AS INT) > 100
SELECT CASE WHEN _1 = 'a' THEN UPPER(_2) ELSE NULL END AS x FROM Archive WHERE _3 IS NOT NULL;
SELECT "first name" FROM Object WHERE "first name" LIKE 'A%' AND NOT (_1 IN ('x', 'y') OR _2 BETWEEN 1 AND 2)
