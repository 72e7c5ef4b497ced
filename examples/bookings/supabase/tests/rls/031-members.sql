BEGIN;
SELECT plan(17);

-- Ada and Ben are members; Ben is suspended.
INSERT INTO app.profiles (id, email, full_name, suspended_at) VALUES
  ('a0000000-0000-4000-8000-000000000001', 'ada@example.com', 'Ada', NULL),
  ('a0000000-0000-4000-8000-000000000002', 'ben@example.com', 'Ben', now());
SELECT tests.create_room('Lantern');
INSERT INTO app.bookings (room_id, profile_id, during)
SELECT r.id, b.profile_id::uuid, b.during::tstzrange
  FROM app.rooms r,
       (VALUES
         ('a0000000-0000-4000-8000-000000000001', '[2031-03-03 09:00+00, 2031-03-03 10:00+00)'),
         ('a0000000-0000-4000-8000-000000000002', '[2031-03-03 10:00+00, 2031-03-03 11:00+00)')
       ) AS b (profile_id, during);
INSERT INTO billing.invoices (profile_id, status, number, period) VALUES
  ('a0000000-0000-4000-8000-000000000001', 'open', 'T-1', '[2031-03-01, 2031-04-01)'),
  ('a0000000-0000-4000-8000-000000000001', 'draft', NULL, '[2031-04-01, 2031-05-01)'),
  ('a0000000-0000-4000-8000-000000000002', 'open', 'T-2', '[2031-03-01, 2031-04-01)');

SET LOCAL ROLE authenticated;
SELECT set_config(
  'request.jwt.claims',
  '{"sub": "a0000000-0000-4000-8000-000000000001", "role": "authenticated"}',
  true
);

-- Reading.
SELECT results_eq('SELECT full_name FROM app.profiles', ARRAY['Ada'], 'Ada sees herself only');
SELECT is((SELECT count(*) FROM app.bookings)::int, 1, 'and her own booking');
SELECT isnt_empty('SELECT * FROM app.my_bookings', 'in the view as well');
SELECT results_eq('SELECT number FROM billing.invoices', ARRAY['T-1'], 'and her invoices, once they are issued');
SELECT results_eq('SELECT number FROM billing.open_invoices', ARRAY['T-1'], 'in that view, too');
SELECT is_empty('SELECT * FROM app.booking_events', 'the log is not for members');
SELECT is_empty('SELECT * FROM billing.payments', 'neither are payments');

-- Writing.
SELECT lives_ok(
  $$ INSERT INTO app.bookings (room_id, profile_id, during)
     SELECT room_id, app.current_profile_id(), '[2031-03-04 09:00+00, 2031-03-04 10:00+00)' FROM app.room_directory $$,
  'Ada books for herself'
);
SELECT throws_ok(
  $$ INSERT INTO app.bookings (room_id, profile_id, during)
     SELECT room_id, 'a0000000-0000-4000-8000-000000000002', '[2031-03-05 09:00+00, 2031-03-05 10:00+00)'
       FROM app.room_directory $$,
  '42501',
  'new row violates row-level security policy for table "bookings"',
  'but not for Ben'
);
SELECT results_eq(
  $$ UPDATE app.bookings SET attendees = 2 RETURNING profile_id $$,
  $$ VALUES ('a0000000-0000-4000-8000-000000000001'::uuid), ('a0000000-0000-4000-8000-000000000001'::uuid) $$,
  'an update reaches her own bookings only'
);
SELECT throws_ok(
  $$ UPDATE app.bookings SET status = 'cancelled', cancelled_at = now() $$,
  '42501', NULL, 'cancelling takes the function'
);
SELECT is_empty(
  $$ DELETE FROM app.bookings RETURNING id $$,
  'members delete nothing'
);
SELECT throws_ok(
  $$ UPDATE app.profiles SET role = 'owner' $$,
  '42501', 'permission denied for table profiles', 'nobody promotes themselves'
);
SELECT isnt_empty(
  $$ UPDATE app.profiles SET full_name = 'Ada L.' RETURNING id $$,
  'but Ada may change her name'
);
SELECT is_empty(
  $$ UPDATE app.profiles SET full_name = 'Benny' WHERE email = 'ben@example.com' RETURNING id $$,
  'and only hers'
);

-- Ben is suspended.
SELECT tests.authenticate_as('ben@example.com');
SELECT throws_ok(
  $$ INSERT INTO app.bookings (room_id, profile_id, during)
     SELECT room_id, app.current_profile_id(), '[2031-03-06 09:00+00, 2031-03-06 10:00+00)' FROM app.room_directory $$,
  '42501',
  'new row violates row-level security policy "suspended_members_cannot_book" for table "bookings"',
  'the suspended do not book'
);
SELECT isnt_empty('SELECT * FROM app.my_bookings', 'but see what they have');

SELECT * FROM finish();
ROLLBACK;
