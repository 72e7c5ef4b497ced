-- q3q1
PREPARE rooms AS SELECT * FROM app.rooms WHERE id = $1;
PREPARE typed (int, text) AS UPDATE app.rooms SET note = $2 WHERE id = $1;
SELECT results_eq('rooms', 'SELECT * FROM app.price(1)');
SELECT lives_ok('typed'), throws_ok('EXECUTE typed(1, ''x'')', '23505');
EXECUTE rooms(1); DEALLOCATE rooms; DEALLOCATE ALL;
SELECT results_eq('rooms', $$ VALUES (1), (2) $$);
