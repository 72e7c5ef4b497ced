-- Written when app was the only schema: unqualified throughout.
BEGIN;
SET LOCAL search_path TO app, public;
SELECT * FROM no_plan();

SELECT has_table('bookings');
SELECT has_table('booking_guests', 'guests have a table');
SELECT has_pk('bookings');
SELECT has_fk('bookings');

SELECT has_column('bookings', 'during');
SELECT col_type_is('bookings', 'during', 'tstzrange');
SELECT col_not_null('bookings', 'during');
SELECT col_not_null('bookings', 'room_id', 'a booking is for a room');
SELECT col_is_null('bookings', 'organization_id', 'a booking may be private');
SELECT col_default_is('bookings', 'status', 'confirmed', 'bookings are confirmed at once');
SELECT col_hasnt_default('bookings', 'during', 'nobody books by accident');
SELECT col_is_fk('bookings', 'profile_id', 'a booking has an owner');
SELECT fk_ok('bookings', 'room_id', 'rooms', 'id');
SELECT fk_ok('app', 'bookings', 'voucher_id', 'billing', 'vouchers', 'id', 'vouchers live next door');

SELECT has_index('bookings', 'bookings_profile_id_idx', 'profile_id'::name);
SELECT has_index('bookings', 'bookings_starts_at_idx', 'lower(during)', 'the calendar sorts by start');
SELECT hasnt_index('bookings', 'bookings_held_idx', 'the index over held bookings is gone');

SELECT has_check('bookings', 'bookings have checks');
SELECT col_is_unique('booking_guests', ARRAY['booking_id', 'email'], 'nobody is invited twice');

SELECT * FROM finish();
ROLLBACK;
