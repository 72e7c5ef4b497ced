create view app.room_directory with (security_invoker = true) as
  select r.id as room_id, l.name as location, r.name as room, r.kind, r.capacity, r.hourly_rate_cents
  from app.rooms r
  join app.locations l on l.id = r.location_id
  where r.is_published and l.is_public;

create view app.my_bookings with (security_invoker = true) as
  select b.id as booking_id, r.name as room, lower(b.during) as starts_at, upper(b.during) as ends_at,
         b.status, b.price_cents
  from app.bookings b
  join app.rooms r on r.id = b.room_id
  where b.profile_id = app.current_profile_id();

-- Runs as its owner and so sees every booking: for the back office only.
create view app.location_occupancy as
  select r.location_id,
         (lower(b.during) at time zone l.time_zone)::date as day,
         count(*) as bookings,
         sum(upper(b.during) - lower(b.during)) as booked_time
  from app.bookings b
  join app.rooms r on r.id = b.room_id
  join app.locations l on l.id = r.location_id
  where b.status = 'confirmed'
  group by r.location_id, day;

create view billing.open_invoices with (security_invoker = true) as
  select i.id, i.number, i.profile_id, i.total_cents, i.due_on, i.due_on < current_date as is_overdue
  from billing.invoices i
  where i.status = 'open';

create materialized view billing.monthly_revenue as
  select date_trunc('month', issued_on)::date as month,
         currency,
         count(*) as invoices,
         sum(total_cents) as revenue_cents
  from billing.invoices
  where status in ('open', 'paid')
  group by 1, 2;

-- A concurrent refresh needs a unique index.
create unique index monthly_revenue_month_currency_idx on billing.monthly_revenue (month, currency);

create function billing.refresh_monthly_revenue() returns void
language plpgsql security definer
set search_path = ''
as $$
begin
  refresh materialized view concurrently billing.monthly_revenue;
end
$$;

comment on view app.my_bookings is 'The bookings of whoever asks.';
comment on materialized view billing.monthly_revenue is 'Refreshed every night.';

revoke execute on function billing.refresh_monthly_revenue() from public;
grant execute on function billing.refresh_monthly_revenue() to service_role;

grant select on app.room_directory to anon, authenticated;
grant select on app.my_bookings to authenticated;
grant select on app.location_occupancy to service_role;
grant select on billing.open_invoices to authenticated, service_role;
grant select on billing.monthly_revenue to service_role;
