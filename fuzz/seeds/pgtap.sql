-- p3g2
BEGIN;
SELECT plan(12);
SELECT has_table('app', 'rooms', 'there is a table'), hasnt_table('app'::name, 'gone'::name);
SELECT columns_are('app', 'rooms', ARRAY['id', 'name', 'owner']);
SELECT col_type_is('app', 'rooms', 'id', 'integer'), col_is_pk('rooms', 'id'), fk_ok('rooms', 'owner', 'people', 'id');
SELECT function_returns('app', 'price', ARRAY['int', 'numeric[]'], 'text'), trigger_is('t', 'trg', 'f');
SELECT policies_are('t', ARRAY['own rows']), policy_cmd_is('t', 'own rows', 'select');
SELECT has_table(n), has_tabel('x') FROM (VALUES ('a'), ('b')) AS v (n), unnest(ARRAY['c', 'd']) AS u;
SELECT is(count(*), 1::bigint) FROM app.rooms;
SELECT throws_ok('INSERT INTO app.rooms VALUES (1)', '23505', NULL, 'no');
SELECT bag_eq('SELECT id FROM rooms', ARRAY[1, 2]), set_has('a', 'b'), isnt_empty('SELECT 1 FROM v');
SELECT ok(true), 'outside'; SELECT skip('why', 2), todo_start('x'), pass(), fail('y');
SELECT * FROM finish(); ROLLBACK;
