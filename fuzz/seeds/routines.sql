-- r2r3
CREATE FUNCTION app.price(a int, VARIADIC b numeric[] DEFAULT '{}') RETURNS TABLE (c text, d app.rooms.id%TYPE)
LANGUAGE plpgsql AS $body$ BEGIN RETURN QUERY SELECT 'x'; END $body$;
CREATE OR REPLACE FUNCTION test_one() RETURNS SETOF text AS $$
BEGIN RETURN NEXT has_table('app', 'rooms', 'd'); RETURN NEXT is(app.price(1), 5); END $$ LANGUAGE plpgsql;
CREATE FUNCTION c_one(int) RETURNS int AS 'lib', 'sym' LANGUAGE c;
CREATE PROCEDURE app.q() AS 'SELECT has_table(''t'')' LANGUAGE 'sql';
CREATE AGGREGATE app.total(int) (SFUNC = int4pl, STYPE = int);
DROP FUNCTION app.price(int, numeric[]);
SELECT * FROM runtests('^test_');
