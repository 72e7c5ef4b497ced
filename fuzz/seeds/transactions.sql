-- x2x8
BEGIN; SAVEPOINT a; CREATE TABLE t (a int); ROLLBACK TO SAVEPOINT a; RELEASE a;
SET LOCAL search_path TO app, "$user", public; CREATE TABLE u (b int); COMMIT AND CHAIN; ROLLBACK;
SELECT set_config('search_path', 'x', false); RESET search_path; START TRANSACTION; ABORT;
SELECT has_table('t'), has_table('u');
