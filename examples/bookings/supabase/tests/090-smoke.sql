begin;
select * from no_plan();

select ok(true);
select has_table('app'::name, 'locations'::name);
select has_table('app'::name, 'plans'::name);
select ok(count(*) > 0) from app.plans;
select ok((select count(*) from app.bookings) >= 0, 'bookings');
select lives_ok('select * from app.room_directory');
select lives_ok('select * from billing.open_invoices', 'invoices work');
-- select has_table('app'::name, 'waitlist_entries'::name);
select pass('ok');

select * from finish();
rollback;
