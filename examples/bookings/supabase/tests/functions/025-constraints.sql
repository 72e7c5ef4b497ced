BEGIN;
SELECT plan(12);

SELECT tests.create_profile('ada@example.com');
SELECT tests.create_room('Lantern');

SELECT throws_ok(
  $$ SELECT tests.create_profile('ada@example.com') $$,
  '23505',
  'duplicate key value violates unique constraint "profiles_email_key"',
  'an address belongs to one person'
);
SELECT throws_ok($$ INSERT INTO app.profiles (email, full_name) VALUES ('x@example.com', ' ') $$, '23514');
SELECT throws_ok(
  $$ INSERT INTO app.profiles (email) VALUES ('x@example.com') $$,
  '23502', NULL, 'people have names'
);
SELECT throws_ok(
  $$ INSERT INTO app.rooms (location_id, name, hourly_rate_cents) VALUES (-1, 'Nowhere', 0) $$,
  '23503',
  'insert or update on table "rooms" violates foreign key constraint "rooms_location_id_fkey"',
  'a room is somewhere'
);
SELECT throws_ok(
  $$ DELETE FROM app.locations WHERE slug = 'harbour' $$,
  '23503', NULL, 'a location with rooms stays'
);
SELECT throws_ok(
  $$ SELECT tests.create_room('Lantern') $$,
  '23505', NULL, 'two rooms of one location do not share a name'
);
SELECT lives_ok(
  $$ SELECT tests.create_room('Lantern', p_location => 'station') $$,
  'rooms of two locations may'
);
SELECT throws_ok(
  $$ UPDATE app.rooms SET buffer_minutes = 121 $$,
  '23514',
  'new row for relation "rooms" violates check constraint "rooms_buffer_check"',
  'two hours between bookings at most'
);

-- One membership at a time.
INSERT INTO app.memberships (profile_id, plan_id, valid_during)
SELECT tests.profile_id('ada@example.com'), id, '[2031-01-01, 2032-01-01)' FROM app.plans WHERE code = 'flex';

PREPARE second_membership AS
  INSERT INTO app.memberships (profile_id, plan_id, valid_during)
  SELECT tests.profile_id('ada@example.com'), id, '[2031-06-01, 2031-07-01)' FROM app.plans WHERE code = 'resident';
SELECT throws_ok(
  'second_membership',
  '23P01',
  'conflicting key value violates exclusion constraint "memberships_one_at_a_time"',
  'memberships do not overlap'
);
UPDATE app.memberships SET status = 'ended';
SELECT lives_ok('second_membership', 'unless the old one has ended');

-- Invoices.
SELECT throws_ok(
  $$ INSERT INTO billing.invoices (profile_id, status, period)
     VALUES (tests.profile_id('ada@example.com'), 'open', '[2031-03-01, 2031-04-01)') $$,
  '23514',
  'new row for relation "invoices" violates check constraint "invoices_number_check"',
  'an open invoice has a number'
);
SELECT throws_ok(
  $$ INSERT INTO billing.payments (invoice_id, amount_cents, provider, provider_ref)
     VALUES (gen_random_uuid(), 0, 'bank', 'nothing') $$,
  'new row for relation "payments" violates check constraint "payments_amount_check"',
  'nothing is no payment'
);

SELECT * FROM finish();
ROLLBACK;
