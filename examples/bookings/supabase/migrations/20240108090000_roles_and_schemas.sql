-- The API roles exist already on the hosted platform; a plain server gets them here.
-- The policies below name service_role, so nothing relies on it bypassing row level security.
do $$
begin
  if not exists (select from pg_roles where rolname = 'anon') then
    create role anon nologin noinherit;
  end if;
  if not exists (select from pg_roles where rolname = 'authenticated') then
    create role authenticated nologin noinherit;
  end if;
  if not exists (select from pg_roles where rolname = 'service_role') then
    create role service_role nologin noinherit;
  end if;
end
$$;

create schema if not exists extensions;
create extension if not exists btree_gist with schema extensions;

create schema app;
create schema billing;

comment on schema app is 'Locations, rooms, members and their bookings: what the API exposes.';
comment on schema billing is 'Invoices, payments and credit. Written by the back office only.';

grant usage on schema app to anon, authenticated, service_role;
grant usage on schema billing to authenticated, service_role;

-- Shared by every table that has an updated_at column.
create function app.touch_updated_at() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.updated_at := now();
  return new;
end
$$;
