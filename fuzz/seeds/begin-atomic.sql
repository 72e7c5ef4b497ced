-- a0b4
CREATE FUNCTION app.h() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;
CREATE OR REPLACE PROCEDURE app.p(a int DEFAULT 1, OUT b text) LANGUAGE sql
BEGIN ATOMIC
  INSERT INTO app.t VALUES (a); -- one
  SELECT 'END;';
END;
CREATE FUNCTION begin(i int) RETURNS int RETURN i + 1;
BEGIN; SELECT app.h(); END;
SELECT has_function('app', 'h'), has_function('p', ARRAY['int']);
