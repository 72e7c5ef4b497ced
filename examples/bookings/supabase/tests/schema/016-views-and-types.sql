-- Nothing is found by accident here: every name is written out, pgTAP's too.
BEGIN;
SELECT public.plan(13);

SELECT public.has_view('app', 'room_directory', 'the room directory is a view');
SELECT public.has_view('app'::name, 'my_bookings'::name);
SELECT public.has_view('billing'::name, 'open_invoices'::name);
SELECT public.columns_are(
  'app'::name, 'room_directory'::name,
  ARRAY['room_id', 'location', 'room', 'kind', 'capacity', 'hourly_rate_cents']::name[]
);
SELECT public.views_are('billing', ARRAY['open_invoices'], 'billing has one view');
SELECT public.materialized_views_are('billing', ARRAY['monthly_revenue'], 'and one materialized view');
SELECT public.index_is_unique(
  'billing', 'monthly_revenue', 'monthly_revenue_month_currency_idx',
  'so that it can be refreshed while it is read'
);

SELECT public.enums_are(
  'app',
  ARRAY['booking_status', 'door_direction', 'membership_status', 'profile_role', 'room_kind'],
  'the enums of app'
);
SELECT public.has_enum('billing'::name, 'invoice_status'::name);
SELECT public.enum_has_labels(
  'app', 'booking_status', ARRAY['held', 'confirmed', 'cancelled', 'no_show'],
  'the states of a booking'
);
SELECT public.enum_has_labels('app', 'profile_role', ARRAY['member', 'staff', 'owner'], 'the roles of people');

SELECT public.has_domain('app', 'email_address', 'addresses have a type');
SELECT public.throws_ok(
  $$ INSERT INTO app.profiles (email, full_name) VALUES ('Nora@Example.com', 'Nora') $$,
  '23514',
  'value for domain app.email_address violates check constraint "email_address_check"',
  'addresses are stored in lower case'
);

SELECT * FROM public.finish();
ROLLBACK;
