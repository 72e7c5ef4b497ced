BEGIN;
SELECT plan(11);

SELECT tests.create_room('Lantern');
SELECT tests.create_room('Store room');
UPDATE app.rooms SET is_published = false WHERE name = 'Store room';
SELECT tests.create_room('Attic', p_location => 'backstage');
UPDATE app.locations SET is_public = false WHERE slug = 'backstage';

SET LOCAL ROLE anon;
SELECT set_config('request.jwt.claims', '{"role": "anon"}', true);

SELECT results_eq(
  'SELECT room FROM app.room_directory',
  ARRAY['Lantern'],
  'visitors see published rooms of public locations'
);
SELECT bag_eq('SELECT name FROM app.rooms', ARRAY['Lantern', 'Attic'], 'rooms are hidden until published');
SELECT results_eq('SELECT slug FROM app.locations', ARRAY['harbour'], 'so are private locations');
SELECT set_eq('SELECT code FROM app.plans', ARRAY['day', 'flex', 'resident'], 'plans no longer sold are not shown');

SELECT throws_ok(
  'SELECT * FROM app.bookings', '42501', 'permission denied for table bookings',
  'visitors do not see bookings'
);
SELECT throws_ok('SELECT * FROM app.profiles', '42501', NULL, 'nor people');
SELECT throws_ok('SELECT * FROM app.my_bookings', '42501', NULL, 'nor the view');
SELECT throws_ok('SELECT * FROM billing.invoices', 'permission denied for schema billing');
SELECT throws_ok(
  $$ INSERT INTO app.rooms (location_id, name, hourly_rate_cents) SELECT id, 'Mine', 0 FROM app.locations $$,
  '42501', NULL, 'visitors do not create rooms'
);
SELECT throws_ok(
  $$ UPDATE app.rooms SET hourly_rate_cents = 0 $$,
  '42501', NULL, 'and do not set prices'
);

RESET ROLE;
SELECT table_privs_are('app', 'rooms', 'anon', ARRAY['SELECT'], 'reading is all they may');

SELECT * FROM finish();
ROLLBACK;
