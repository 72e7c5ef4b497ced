-- Privileges first: a policy decides about rows only where the role may touch the table at all.
grant select on app.locations, app.opening_hours, app.rooms, app.amenities, app.room_amenities, app.plans
  to anon, authenticated, service_role;
grant select on app.profiles, app.organizations, app.organization_members, app.memberships to authenticated, service_role;
grant update (full_name, email) on app.profiles to authenticated;
grant update (name, billing_email, vat_number) on app.organizations to authenticated;
grant insert, update, delete on app.locations, app.rooms, app.memberships to authenticated;
grant select, delete on app.bookings to authenticated;
grant insert (room_id, profile_id, organization_id, during, attendees) on app.bookings to authenticated;
grant update (during, attendees) on app.bookings to authenticated;
grant select on app.bookings to service_role;
grant select, insert, update, delete on app.booking_guests to authenticated;
grant select on app.booking_events to authenticated, service_role;

grant select on billing.invoices, billing.invoice_lines, billing.payments, billing.credit_entries, billing.coupons
  to authenticated;
grant insert, update, delete on billing.coupons to authenticated;
grant select, insert, update, delete on billing.invoices, billing.invoice_lines, billing.payments to service_role;
grant select, insert on billing.credit_entries to service_role;
grant select on billing.tax_rates, billing.coupons to service_role;
grant usage on sequence billing.invoice_number_seq to service_role;

alter table app.profiles enable row level security;
alter table app.organizations enable row level security;
alter table app.organization_members enable row level security;
alter table app.locations enable row level security;
alter table app.opening_hours enable row level security;
alter table app.rooms enable row level security;
alter table app.room_notes enable row level security;
alter table app.amenities enable row level security;
alter table app.room_amenities enable row level security;
alter table app.plans enable row level security;
alter table app.memberships enable row level security;
alter table app.bookings enable row level security;
alter table app.booking_guests enable row level security;
alter table app.booking_events enable row level security;
alter table billing.tax_rates enable row level security;
alter table billing.coupons enable row level security;
alter table billing.invoices enable row level security;
alter table billing.invoice_lines enable row level security;
alter table billing.payments enable row level security;
alter table billing.credit_entries enable row level security;

-- The catalogue of rooms is public.
create policy anyone_reads_public_locations on app.locations
  for select to anon, authenticated, service_role using (is_public);
create policy staff_manage_locations on app.locations
  to authenticated using ((select app.is_staff())) with check ((select app.is_staff()));

create policy anyone_reads_opening_hours on app.opening_hours
  for select to anon, authenticated, service_role using (true);

create policy anyone_reads_published_rooms on app.rooms
  for select to anon, authenticated, service_role using (is_published);
create policy staff_manage_rooms on app.rooms
  to authenticated using ((select app.is_staff())) with check ((select app.is_staff()));

create policy anyone_reads_amenities on app.amenities
  for select to anon, authenticated, service_role using (true);
create policy anyone_reads_room_amenities on app.room_amenities
  for select to anon, authenticated, service_role using (true);

create policy anyone_reads_active_plans on app.plans
  for select to anon, authenticated, service_role using (is_active);

-- People see themselves; the front desk sees everybody.
create policy members_read_own_profile on app.profiles
  for select to authenticated using (id = (select app.current_profile_id()));
create policy members_update_own_profile on app.profiles
  for update to authenticated
  using (id = (select app.current_profile_id()))
  with check (id = (select app.current_profile_id()));
create policy staff_read_profiles on app.profiles
  for select to authenticated using ((select app.is_staff()));
create policy service_role_reads_profiles on app.profiles
  for select to service_role using (true);

create policy members_read_own_seats on app.organization_members
  for select to authenticated using (profile_id = (select app.current_profile_id()));

create policy colleagues_read_organization on app.organizations
  for select to authenticated
  using (exists (
    select from app.organization_members m
    where m.organization_id = organizations.id and m.profile_id = (select app.current_profile_id())
  ));
create policy admins_update_organization on app.organizations
  for update to authenticated
  using (exists (
    select from app.organization_members m
    where m.organization_id = organizations.id and m.profile_id = (select app.current_profile_id()) and m.is_admin
  ));

create policy members_read_own_memberships on app.memberships
  for select to authenticated using (profile_id = (select app.current_profile_id()));
create policy staff_manage_memberships on app.memberships
  to authenticated using ((select app.is_staff())) with check ((select app.is_staff()));

-- Bookings.
create policy members_read_own_bookings on app.bookings
  for select to authenticated using (profile_id = (select app.current_profile_id()));
create policy members_book_for_themselves on app.bookings
  for insert to authenticated with check (profile_id = (select app.current_profile_id()));
create policy members_change_own_bookings on app.bookings
  for update to authenticated
  using (profile_id = (select app.current_profile_id()) and status <> 'cancelled')
  with check (profile_id = (select app.current_profile_id()));
create policy staff_manage_bookings on app.bookings
  to authenticated using ((select app.is_staff())) with check ((select app.is_staff()));
create policy suspended_members_cannot_book on app.bookings
  as restrictive for insert to authenticated with check (not (select app.is_suspended()));
create policy service_role_reads_bookings on app.bookings
  for select to service_role using (true);

create policy members_manage_own_guests on app.booking_guests
  to authenticated
  using (exists (
    select from app.bookings b
    where b.id = booking_guests.booking_id and b.profile_id = (select app.current_profile_id())
  ));

create policy staff_read_booking_events on app.booking_events
  for select to authenticated using ((select app.is_staff()));

-- Billing: members read what concerns them, the back office (service_role) writes.
create policy members_read_own_invoices on billing.invoices
  for select to authenticated
  using (profile_id = (select app.current_profile_id()) and status <> 'draft');
create policy staff_read_invoices on billing.invoices
  for select to authenticated using ((select app.is_staff()));
create policy service_role_manages_invoices on billing.invoices
  to service_role using (true) with check (true);

create policy invoice_lines_follow_invoices on billing.invoice_lines
  for select to authenticated
  using (exists (select from billing.invoices i where i.id = invoice_lines.invoice_id));
create policy service_role_manages_invoice_lines on billing.invoice_lines
  to service_role using (true) with check (true);

create policy staff_read_payments on billing.payments
  for select to authenticated using ((select app.is_staff()));
create policy service_role_manages_payments on billing.payments
  to service_role using (true) with check (true);

create policy members_read_own_credit on billing.credit_entries
  for select to authenticated using (profile_id = (select app.current_profile_id()));
create policy service_role_reads_credit on billing.credit_entries
  for select to service_role using (true);
create policy service_role_adds_credit on billing.credit_entries
  for insert to service_role with check (true);

create policy staff_manage_coupons on billing.coupons
  to authenticated using ((select app.is_staff())) with check ((select app.is_staff()));
create policy service_role_reads_tax_rates on billing.tax_rates
  for select to service_role using (true);
