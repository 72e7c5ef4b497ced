BEGIN;
SELECT plan(24);

SELECT has_function('app', 'current_profile_id', 'current_profile_id exists');
SELECT function_returns('app', 'current_profile_id', 'uuid', 'and returns a uuid');
SELECT volatility_is('app', 'current_profile_id', 'stable', 'and is stable');
SELECT isnt_definer('app', 'current_profile_id', 'and needs no rights of its own');

-- These look behind row level security on purpose.
SELECT is_definer('app', 'is_staff', 'is_staff is a definer');
SELECT is_definer('app', 'cancel_booking', ARRAY['uuid'], 'cancel_booking is a definer');
SELECT is_definer('app', 'room_is_free', ARRAY['bigint', 'tstzrange'], 'room_is_free is a definer');
SELECT isnt_definer('app', 'book_room', ARRAY['bigint', 'tstzrange', 'integer'], 'book_room is not: policies apply');

SELECT has_function('app', 'room_is_free', ARRAY['bigint', 'tstzrange'], 'room_is_free(room, during)');
SELECT has_function(
  'app', 'room_is_free', ARRAY['bigint', 'timestamp with time zone', 'timestamp with time zone'],
  'room_is_free(room, from, to)'
);
SELECT function_returns('app', 'room_is_free', ARRAY['bigint', 'tstzrange'], 'boolean', 'room_is_free says yes or no');

SELECT has_function('app', 'booking_price_cents', ARRAY['integer', 'numeric', 'numeric'], 'a price from a rate');
SELECT volatility_is(
  'app', 'booking_price_cents', ARRAY['integer', 'numeric', 'numeric'], 'immutable',
  'a price depends on nothing else'
);
SELECT is_strict('app', 'booking_price_cents', ARRAY['integer', 'numeric', 'numeric'], 'no rate, no price');
SELECT function_lang_is(
  'app', 'booking_price_cents', ARRAY['bigint', 'tstzrange', 'uuid'], 'plpgsql',
  'the price of a booking takes some code'
);

SELECT function_returns('app', 'set_booking_price', 'trigger', 'set_booking_price is a trigger function');
SELECT has_function('app', 'record_door_event', 'the door controllers have a function');

SELECT functions_are(
  'billing',
  ARRAY[
    'apply_payment', 'credit_balance_cents', 'close_month', 'issue_invoice', 'next_invoice_number',
    'protect_issued_lines', 'refresh_invoice_total', 'refresh_monthly_revenue', 'voucher_discount'
  ],
  'billing holds these routines and no others'
);
SELECT is_procedure('billing', 'close_month', ARRAY['date'], 'close_month is a procedure');
SELECT function_returns('billing', 'issue_invoice', ARRAY['uuid', 'integer'], 'text', 'issuing gives a number');

SELECT function_privs_are(
  'app', 'cancel_booking', ARRAY['uuid'], 'authenticated', ARRAY['EXECUTE'],
  'members may cancel'
);
SELECT function_privs_are(
  'app', 'cancel_booking', ARRAY['uuid'], 'anon', ARRAY[]::text[],
  'strangers may not'
);
SELECT function_privs_are(
  'billing', 'issue_invoice', ARRAY['uuid', 'integer'], 'authenticated', ARRAY[]::text[],
  'members do not issue invoices'
);
SELECT function_privs_are(
  'billing', 'close_month', ARRAY['date'], 'service_role', ARRAY['EXECUTE'],
  'the back office closes a month'
);

SELECT * FROM finish();
ROLLBACK;
