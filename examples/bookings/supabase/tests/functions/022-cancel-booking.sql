-- xUnit style: every test function starts from setup and is rolled back on its own.
BEGIN;

CREATE SCHEMA cancel_tests;

CREATE FUNCTION cancel_tests.setup_booking() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM tests.create_room('Lantern', 3000);
  PERFORM tests.create_profile('ada@example.com');
  PERFORM tests.create_profile('ben@example.com');
  PERFORM tests.create_profile('desk@example.com', 'staff');

  INSERT INTO app.bookings (id, room_id, profile_id, during)
  SELECT 'b0000000-0000-4000-8000-000000000001', r.id, tests.profile_id('ada@example.com'),
         tstzrange(now() + interval '3 days', now() + interval '3 days 2 hours')
    FROM app.rooms r;
END
$$;

CREATE FUNCTION cancel_tests.test_in_time() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM tests.authenticate_as('ada@example.com');
  RETURN NEXT is(
    app.cancel_booking('b0000000-0000-4000-8000-000000000001'), 6000,
    'cancelling in time gives the price back'
  );
  RETURN NEXT is(
    billing.credit_balance_cents(tests.profile_id('ada@example.com')), 6000,
    'as credit'
  );
  RETURN NEXT results_eq(
    'SELECT status::text FROM app.my_bookings', ARRAY['cancelled'],
    'the booking is cancelled'
  );

  PERFORM set_config('role', 'none', true);
  RETURN NEXT bag_eq(
    'SELECT event FROM app.booking_events', ARRAY['created', 'cancelled'],
    'both are in the log'
  );
  RETURN NEXT isnt(
    (SELECT actor_id FROM app.booking_events WHERE event = 'cancelled'), NULL,
    'with who did it'
  );
END
$$;

CREATE FUNCTION cancel_tests.test_at_short_notice() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  UPDATE app.bookings SET during = tstzrange(now() + interval '2 hours', now() + interval '4 hours');

  PERFORM tests.authenticate_as('ada@example.com');
  RETURN NEXT is(
    app.cancel_booking('b0000000-0000-4000-8000-000000000001'), 0,
    'cancelling at short notice gives nothing back'
  );
  RETURN NEXT is_empty('SELECT * FROM billing.credit_entries', 'no credit');
END
$$;

CREATE FUNCTION cancel_tests.test_too_late() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  UPDATE app.bookings SET during = tstzrange(now() - interval '1 hour', now() + interval '1 hour');

  PERFORM tests.authenticate_as('ada@example.com');
  RETURN NEXT throws_ok(
    $t$ SELECT app.cancel_booking('b0000000-0000-4000-8000-000000000001') $t$,
    'a booking that has begun cannot be cancelled'
  );
END
$$;

CREATE FUNCTION cancel_tests.test_twice() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM tests.authenticate_as('ada@example.com');
  PERFORM app.cancel_booking('b0000000-0000-4000-8000-000000000001');
  RETURN NEXT throws_like(
    $t$ SELECT app.cancel_booking('b0000000-0000-4000-8000-000000000001') $t$,
    '%is cancelled already',
    'once is enough'
  );
END
$$;

CREATE FUNCTION cancel_tests.test_somebody_else() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM tests.authenticate_as('ben@example.com');
  RETURN NEXT throws_ok(
    $t$ SELECT app.cancel_booking('b0000000-0000-4000-8000-000000000001') $t$,
    'P0002',
    'booking b0000000-0000-4000-8000-000000000001 not found',
    'other people''s bookings might as well not exist'
  );

  PERFORM tests.authenticate_as('desk@example.com');
  RETURN NEXT lives_ok(
    $t$ SELECT app.cancel_booking('b0000000-0000-4000-8000-000000000001') $t$,
    'the front desk may cancel for a member'
  );
END
$$;

SELECT * FROM runtests('cancel_tests'::name);

ROLLBACK;
