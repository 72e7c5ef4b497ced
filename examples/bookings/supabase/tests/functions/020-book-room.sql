BEGIN;
SELECT plan(15);

SELECT tests.create_room('Lantern', 2000, 4);
SELECT tests.create_profile('ada@example.com');
SELECT tests.create_profile('ben@example.com');

PREPARE lantern AS SELECT room_id FROM app.room_directory WHERE room = 'Lantern';

SELECT tests.authenticate_as('ada@example.com');

-- Act, then check.
SELECT app.book_room(room_id, '[2031-03-03 09:00+00, 2031-03-03 11:00+00)', 3)
  FROM app.room_directory WHERE room = 'Lantern';

SELECT results_eq(
  'SELECT room, starts_at, status::text, price_cents FROM app.my_bookings',
  $$ VALUES ('Lantern', '2031-03-03 09:00+00'::timestamptz, 'confirmed', 4000) $$,
  'the booking is there, at the room''s rate'
);
SELECT is(
  (SELECT profile_id FROM app.bookings WHERE attendees = 3),
  tests.profile_id('ada@example.com'),
  'it belongs to whoever asked'
);
SELECT isnt_empty('lantern', 'a booked room stays in the directory');

-- Taken.
SELECT tests.authenticate_as('ben@example.com');
SELECT ok(
  NOT app.room_is_free(room_id, '[2031-03-03 10:00+00, 2031-03-03 12:00+00)'::tstzrange),
  'the room is not free at that time'
) FROM app.room_directory WHERE room = 'Lantern';
SELECT ok(
  app.room_is_free(room_id, '2031-03-03 11:00+00'::timestamptz, '2031-03-03 12:00+00'::timestamptz),
  'but right after it'
) FROM app.room_directory WHERE room = 'Lantern';

SELECT throws_ok(
  $$ SELECT app.book_room(room_id, '[2031-03-03 10:00+00, 2031-03-03 12:00+00)')
       FROM app.room_directory WHERE room = 'Lantern' $$,
  '23P01', NULL,
  'two people cannot have the room at once'
);
SELECT throws_matching(
  $$ SELECT app.book_room(room_id, '[2031-03-03 10:00+00, 2031-03-03 12:00+00)')
       FROM app.room_directory WHERE room = 'Lantern' $$,
  '^room \d+ is taken$',
  'and are told so'
);
SELECT lives_ok(
  $$ SELECT app.book_room(room_id, '[2031-03-03 11:00+00, 2031-03-03 12:00+00)')
       FROM app.room_directory WHERE room = 'Lantern' $$,
  'back to back is fine'
);

-- Too many people.
SELECT throws_ok(
  $$ SELECT app.book_room(room_id, '[2031-03-04 09:00+00, 2031-03-04 10:00+00)', 5)
       FROM app.room_directory WHERE room = 'Lantern' $$,
  '23514',
  'room holds 4 people, not 5',
  'a room is not overfilled'
);

-- Times that make no sense.
SELECT throws_ok(
  $$ SELECT app.book_room(room_id, 'empty') FROM app.room_directory WHERE room = 'Lantern' $$,
  '23514',
  'new row for relation "bookings" violates check constraint "bookings_during_check"',
  'a booking takes time'
);

SELECT throws_ok(
  $$ SELECT app.book_room(-1, '[2031-03-04 09:00+00, 2031-03-04 10:00+00)') $$,
  'P0002',
  'room -1 does not exist'
);

-- A member cannot name the price.
SELECT throws_ok(
  $$ INSERT INTO app.bookings (room_id, profile_id, during, price_cents)
     SELECT room_id, app.current_profile_id(), '[2031-03-05 09:00+00, 2031-03-05 10:00+00)', 1
       FROM app.room_directory WHERE room = 'Lantern' $$,
  '42501',
  'permission denied for table bookings',
  'price_cents cannot be given'
);

-- The exclusion constraint holds without the function, too.
RESET ROLE;
SELECT throws_ok(
  $$ INSERT INTO app.bookings (room_id, profile_id, during)
     SELECT room_id, profile_id, during FROM app.bookings WHERE attendees = 3 $$,
  '23P01',
  'conflicting key value violates exclusion constraint "bookings_no_overlap"',
  'the table itself refuses overlaps'
);

-- Signed out, the function is out of reach; without a subject in the token it refuses.
SELECT tests.sign_out();
SELECT throws_ok(
  $$ SELECT app.book_room(1, '[2031-03-04 09:00+00, 2031-03-04 10:00+00)') $$,
  'permission denied for function book_room'
);
SET LOCAL ROLE authenticated;
SELECT throws_ok(
  $$ SELECT app.book_room(1, '[2031-03-04 09:00+00, 2031-03-04 10:00+00)') $$,
  '28000', 'not signed in', 'a token without a subject books nothing'
);

RESET ROLE;
SELECT * FROM finish();
ROLLBACK;
