\set schema 'billing'
\set invoices invoices

BEGIN;
SELECT plan(16);

SELECT has_table(:'schema', :'invoices', 'invoices exist');
SELECT has_sequence(:'schema', 'invoice_number_seq', 'invoices are numbered');
SELECT has_pk(:'schema', :'invoices', 'invoices have a primary key');
SELECT col_type_is(:'schema', :'invoices', 'status', :'schema', 'invoice_status', 'invoices have a status');
SELECT col_type_is(:'schema', :'invoices', 'currency', :'schema', 'currency_code', 'and a currency');
SELECT col_type_is(:'schema', :'invoices', 'period', 'daterange', 'and a period');
SELECT col_default_is(:'schema', :'invoices', 'currency', 'EUR', 'Euro unless told');
SELECT fk_ok(:'schema', :'invoices', 'profile_id', 'app', 'profiles', 'id', 'an invoice goes to a person');
SELECT fk_ok(:'schema', 'invoice_lines', 'invoice_id', :'schema', :'invoices', 'id', 'a line is on an invoice');
SELECT fk_ok(:'schema', 'payments', 'invoice_id', :'schema', :'invoices', 'id', 'a payment is for an invoice');
SELECT col_is_unique(:'schema', :'invoices', 'number', 'a number is used once');
SELECT col_is_unique(
  :'schema', 'payments', ARRAY['provider', 'provider_ref'],
  'a payment is recorded once'
);

SELECT has_domain(:'schema'::name, 'currency_code'::name);
SELECT domain_type_is(:'schema', 'currency_code', 'pg_catalog', 'text', 'currency_code is text');
SELECT throws_ok($$ SELECT 'euro'::billing.currency_code $$, '23514', NULL, 'currencies are ISO codes');

SELECT is_empty('SELECT * FROM ' || quote_ident(:'schema') || '.' || quote_ident(:'invoices'), 'no invoices yet');

SELECT * FROM finish();
ROLLBACK;
