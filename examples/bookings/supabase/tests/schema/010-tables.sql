BEGIN;
SELECT plan(19);

SELECT has_schema('app');
SELECT has_schema('billing', 'billing has a schema of its own');

-- Two untyped literals would be a table and a description, hence the casts.
SELECT has_table('app'::name, 'profiles'::name);
SELECT has_table('app'::name, 'locations'::name);
SELECT has_table('app'::name, 'rooms'::name);
SELECT has_table('app', 'bookings', 'there are bookings');
SELECT has_table('app', 'memberships', 'there are memberships');
SELECT has_table('app', 'organizations', 'there are organizations');
SELECT has_pk('app', 'organization_members', 'a seat has a primary key');

SELECT is_partitioned('app', 'door_events', 'door events are partitioned');
SELECT partitions_are(
  'app', 'door_events',
  ARRAY['app.door_events_2024_q1', 'app.door_events_2024_q2', 'app.door_events_default'],
  'by quarter, with a default partition'
);

SELECT tables_are(
  'billing',
  ARRAY['credit_entries', 'invoice_lines', 'invoices', 'payments', 'tax_rates', 'vouchers'],
  'billing holds these tables and no others'
);
SELECT has_column('billing', 'vouchers', 'discount_percent', 'coupons.percent_off became vouchers.discount_percent');

-- What the front desk asked us to remove.
SELECT hasnt_table('billing'::name, 'coupons'::name);
SELECT hasnt_table('app', 'room_notes');

SELECT columns_are(
  'app', 'organization_members',
  ARRAY['organization_id', 'profile_id', 'is_admin', 'joined_at'],
  'a seat in an organization'
);
SELECT col_is_pk('app', 'organization_members', ARRAY['organization_id', 'profile_id'], 'one seat per person');
SELECT fk_ok(
  'app', 'organization_members', 'organization_id', 'app', 'organizations', 'id',
  'a seat belongs to an organization'
);
SELECT fk_ok('app', 'organization_members', 'profile_id', 'app', 'profiles', 'id', 'and to a person');

SELECT * FROM finish();
ROLLBACK;
