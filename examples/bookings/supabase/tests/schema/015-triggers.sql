BEGIN;
SELECT plan(8);

SELECT triggers_are(
  'app', 'bookings',
  ARRAY['bookings_check_capacity', 'bookings_log_created', 'bookings_log_status', 'bookings_set_price'],
  'what happens when a booking is written'
);
SELECT trigger_is(
  'app', 'bookings', 'bookings_set_price', 'app', 'set_booking_price',
  'the price is set by the database'
);
SELECT trigger_is(
  'app', 'bookings', 'bookings_check_capacity', 'app', 'check_booking_capacity',
  'capacity is checked by the database'
);

SELECT has_trigger('app', 'profiles', 'profiles_touch_updated_at', 'profiles know when they changed');
SELECT has_trigger('app', 'rooms', 'rooms_touch_updated_at', 'rooms know when they changed');
SELECT has_trigger('billing', 'payments', 'payments_apply', 'payments have an effect');
SELECT hasnt_trigger('app', 'locations', 'locations_touch_updated_at', 'locations hardly change');

-- now() stands still in a transaction, so the old time stamp is set by hand.
SELECT tests.create_profile('nora@example.com');
ALTER TABLE app.profiles DISABLE TRIGGER profiles_touch_updated_at;
UPDATE app.profiles SET updated_at = '2024-01-01' WHERE email = 'nora@example.com';
ALTER TABLE app.profiles ENABLE TRIGGER profiles_touch_updated_at;

UPDATE app.profiles SET full_name = 'Nora Lind' WHERE email = 'nora@example.com';
SELECT is(updated_at, now(), 'a changed profile is touched') FROM app.profiles WHERE email = 'nora@example.com';

SELECT * FROM finish();
ROLLBACK;
