BEGIN;
SELECT plan(9);

-- From a rate.
SELECT is(app.booking_price_cents(2000, 1.5), 3000, 'an hour and a half');
SELECT is(app.booking_price_cents(2000, 1, 25), 1500, 'a quarter off');
SELECT is(app.booking_price_cents(999, 0.5), 500, 'half a cent is rounded up');
SELECT is(app.booking_price_cents(NULL, 1), NULL::integer, 'no rate, no price');

-- From a room, for members of each plan.
SELECT tests.create_room('Atrium', 4000, 20);
SELECT tests.create_profile('walk-in@example.com');
SELECT tests.create_profile('flex@example.com');
SELECT tests.create_profile('resident@example.com');
SELECT tests.create_profile('former@example.com');

INSERT INTO app.memberships (profile_id, plan_id, status, valid_during)
SELECT tests.profile_id(m.email), p.id, m.status, m.valid_during
  FROM (VALUES
         ('flex@example.com', 'flex', 'active'::app.membership_status, '[2031-01-01, 2032-01-01)'::daterange),
         ('resident@example.com', 'resident', 'trial', '[2031-03-01, 2031-04-01)'),
         ('former@example.com', 'resident', 'ended', '[2031-01-01, 2032-01-01)')
       ) AS m (email, plan, status, valid_during)
  JOIN app.plans p ON p.code = m.plan;

PREPARE prices AS
  SELECT p.email::text,
         app.booking_price_cents(r.id, '[2031-03-31 10:00+00, 2031-03-31 12:00+00)'::tstzrange, p.id)
    FROM app.profiles p, app.rooms r
   WHERE r.name = 'Atrium'
   ORDER BY p.email;
PREPARE expected AS
  VALUES ('flex@example.com', 7200),
         ('former@example.com', 8000),
         ('resident@example.com', 6000),
         ('walk-in@example.com', 8000);
SELECT results_eq('prices', 'expected', 'every plan has its price');

SELECT is(
  app.member_discount(tests.profile_id('resident@example.com'), '2031-04-01'), 0::numeric,
  'a trial ends'
);
SELECT cmp_ok(
  app.member_discount(tests.profile_id('flex@example.com'), '2031-04-01'), '=', 10::numeric,
  'a year does not end so soon'
);

SELECT throws_ok(
  $$ SELECT app.booking_price_cents(-1::bigint, '[2031-03-31 10:00+00, 2031-03-31 12:00+00)'::tstzrange, NULL::uuid) $$,
  'P0002', 'room -1 does not exist', 'a room that is not there has no price'
);

-- Moving a booking prices it anew.
INSERT INTO app.bookings (room_id, profile_id, during)
SELECT r.id, tests.profile_id('walk-in@example.com'), '[2031-03-31 10:00+00, 2031-03-31 12:00+00)'
  FROM app.rooms r WHERE r.name = 'Atrium';
UPDATE app.bookings SET during = '[2031-03-31 10:00+00, 2031-03-31 11:00+00)';
SELECT is(price_cents, 4000, 'a shorter booking costs less') FROM app.bookings;

SELECT * FROM finish();
ROLLBACK;
