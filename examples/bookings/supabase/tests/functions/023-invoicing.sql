BEGIN;
SELECT plan(13);

\ir ../support/march-bookings.psql
\set month '2031-03-15'

SET LOCAL ROLE authenticated;
SELECT throws_ok(
  $$ CALL billing.close_month('2031-03-01') $$,
  '42501', 'permission denied for procedure close_month', 'members do not close months'
);

SET LOCAL ROLE service_role;
CALL billing.close_month(:'month');

PREPARE march AS
  SELECT p.email::text, i.status::text, i.total_cents
    FROM billing.invoices i
    JOIN app.profiles p ON p.id = i.profile_id
   ORDER BY p.email;
SELECT results_eq(
  'march',
  $$ VALUES ('ada@example.com', 'open', 6000), ('ben@example.com', 'open', 6000) $$,
  'one invoice each, over what was confirmed'
);
SELECT set_eq(
  'SELECT description FROM billing.invoice_lines',
  ARRAY['Room booking on 2031-03-03', 'Room booking on 2031-03-17', 'Room booking on 2031-03-31'],
  'a line for every booking of the month'
);
SELECT results_eq(
  $$ SELECT period FROM billing.invoices GROUP BY period $$,
  ARRAY['[2031-03-01, 2031-04-01)'::daterange],
  'the period is the month'
);
SELECT matches(min(number), '^INV-\d{4}-\d{6}$', 'invoices have numbers') FROM billing.invoices;
SELECT is(max(due_on) - max(issued_on), 14, 'payable within two weeks') FROM billing.invoices;

-- Once more: nothing is left to invoice.
CALL billing.close_month(:'month');
SELECT is(count(*), 2::bigint, 'closing again changes nothing') FROM billing.invoices;

SELECT throws_ok(
  'UPDATE billing.invoice_lines SET unit_price_cents = 0',
  '55000', NULL, 'an issued invoice is final'
);
SELECT throws_like(
  'DELETE FROM billing.invoice_lines',
  'invoice INV-% is issued, its lines are final',
  'its lines cannot be removed either'
);

-- Payments: in part, then in full.
INSERT INTO billing.payments (invoice_id, amount_cents, provider, provider_ref)
SELECT id, 2500, 'bank', 'part' FROM billing.invoices WHERE profile_id = tests.profile_id('ada@example.com');
SELECT bag_has('march', $$ VALUES ('ada@example.com', 'open', 6000) $$, 'paid in part stays open');

INSERT INTO billing.payments (invoice_id, amount_cents, provider, provider_ref)
SELECT id, 3500, 'bank', 'rest' FROM billing.invoices WHERE profile_id = tests.profile_id('ada@example.com');
SELECT bag_has('march', $$ VALUES ('ada@example.com', 'paid', 6000) $$, 'paid in full is paid');

-- The owner refreshes, as the nightly job does.
RESET ROLE;
REFRESH MATERIALIZED VIEW billing.monthly_revenue;
SELECT row_eq(
  'SELECT currency::text, invoices, revenue_cents FROM billing.monthly_revenue',
  ROW('EUR'::text, 2::bigint, 12000::bigint),
  'both count as revenue'
);

SELECT is(
  billing.next_invoice_number('2031-05-01') > billing.next_invoice_number('2030-05-01'), true,
  'numbers begin with the year'
);

SELECT * FROM finish();
ROLLBACK;
