BEGIN;
SELECT plan(14);

SELECT tests.create_profile('desk@example.com', 'staff');
SELECT tests.create_profile('ada@example.com');
SELECT tests.create_room('Lantern');
INSERT INTO app.bookings (room_id, profile_id, during)
SELECT id, tests.profile_id('ada@example.com'), '[2031-03-03 09:00+00, 2031-03-03 10:00+00)' FROM app.rooms;

-- The front desk.
SELECT tests.authenticate_as('desk@example.com');
SELECT ok(app.is_staff(), 'the front desk is staff');
SELECT is(count(*)::int, 2, 'staff see everybody') FROM app.profiles;
SELECT isnt_empty('SELECT id FROM app.bookings', 'and every booking');
SELECT isnt_empty($$ SELECT 1 FROM app.booking_events WHERE event = 'created' $$, 'and the log');
SELECT lives_ok(
  $$ INSERT INTO app.rooms (location_id, name, capacity, hourly_rate_cents) SELECT id, 'Loft', 2, 900 FROM app.locations $$,
  'staff create rooms'
);
SELECT isnt_empty(
  $$ UPDATE app.rooms SET is_published = true WHERE name = 'Loft' RETURNING id $$,
  'and publish them'
);
SELECT lives_ok(
  $$ INSERT INTO app.memberships (profile_id, plan_id, valid_during)
     SELECT tests.profile_id('ada@example.com'), id, '[2031-01-01,)' FROM app.plans WHERE code = 'flex' $$,
  'staff enrol members'
);
SELECT throws_ok(
  $$ INSERT INTO billing.payments (invoice_id, amount_cents, provider, provider_ref)
     VALUES (gen_random_uuid(), 1, 'cash', 'desk') $$,
  '42501', NULL, 'staff do not record payments'
);

-- A member is not staff.
SELECT tests.authenticate_as('ada@example.com');
SELECT ok(NOT app.is_staff(), 'a member is not staff');
SELECT isnt_empty('SELECT * FROM app.memberships', 'Ada sees her membership');
SELECT throws_ok(
  $$ INSERT INTO app.rooms (location_id, name, capacity, hourly_rate_cents) SELECT id, 'Mine', 2, 0 FROM app.locations $$,
  '42501',
  'new row violates row-level security policy for table "rooms"',
  'members do not create rooms'
);

-- The back office.
SET LOCAL ROLE service_role;
SELECT set_config('request.jwt.claims', '{"role": "service_role"}', true);
SELECT isnt_empty('SELECT id FROM app.bookings', 'the back office reads bookings');
SELECT lives_ok(
  $$ INSERT INTO billing.invoices (profile_id, period)
     SELECT profile_id, '[2031-03-01, 2031-04-01)' FROM app.bookings $$,
  'and writes invoices'
);
SELECT throws_ok('DELETE FROM app.bookings', '42501', 'permission denied for table bookings', 'but deletes no booking');

RESET ROLE;
SELECT * FROM finish();
ROLLBACK;
