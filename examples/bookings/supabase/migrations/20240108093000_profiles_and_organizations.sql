create domain app.email_address as text
  constraint email_address_check
  check (value ~ '^[^@\s]+@[^@\s]+\.[^@\s]+$' and value = lower(value));

create type app.profile_role as enum ('member', 'staff', 'owner');

create table app.profiles (
  id uuid primary key default gen_random_uuid(),
  email app.email_address not null unique,
  full_name text not null check (btrim(full_name) <> ''),
  role app.profile_role not null default 'member',
  suspended_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

comment on table app.profiles is 'One row per person who can sign in; id is the subject of their token.';
comment on column app.profiles.suspended_at is 'Set while the person may sign in but not book.';

create table app.organizations (
  id uuid primary key default gen_random_uuid(),
  slug text not null unique check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
  name text not null,
  billing_email app.email_address not null,
  vat_number text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table app.organization_members (
  organization_id uuid not null references app.organizations (id) on delete cascade,
  profile_id uuid not null references app.profiles (id) on delete cascade,
  is_admin boolean not null default false,
  joined_at timestamptz not null default now(),
  primary key (organization_id, profile_id)
);

create index organization_members_profile_id_idx on app.organization_members (profile_id);

create trigger profiles_touch_updated_at
  before update on app.profiles
  for each row execute function app.touch_updated_at();

create trigger organizations_touch_updated_at
  before update on app.organizations
  for each row execute function app.touch_updated_at();

-- Who is asking: the subject of the verified token that the API put into the session.
create function app.current_profile_id() returns uuid
language sql stable
set search_path = ''
as $$
  select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid
$$;

-- The two below look into app.profiles for a caller whose policies hide most of it.
create function app.is_staff() returns boolean
language sql stable security definer
set search_path = ''
as $$
  select exists (
    select from app.profiles
    where id = app.current_profile_id() and role in ('staff', 'owner')
  )
$$;

create function app.is_suspended() returns boolean
language sql stable security definer
set search_path = ''
as $$
  select exists (
    select from app.profiles
    where id = app.current_profile_id() and suspended_at is not null
  )
$$;

revoke execute on function app.is_staff(), app.is_suspended() from public;
grant execute on function app.is_staff(), app.is_suspended() to authenticated, service_role;
