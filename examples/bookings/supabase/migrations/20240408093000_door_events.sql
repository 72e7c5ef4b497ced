create type app.door_direction as enum ('in', 'out');

create table app.door_events (
  id uuid not null default gen_random_uuid(),
  occurred_at timestamptz not null,
  location_id bigint not null references app.locations (id),
  profile_id uuid references app.profiles (id) on delete set null,
  direction app.door_direction not null,
  primary key (id, occurred_at)
) partition by range (occurred_at);

create table app.door_events_2024_q1 partition of app.door_events
  for values from ('2024-01-01 00:00+00') to ('2024-04-01 00:00+00');
create table app.door_events_2024_q2 partition of app.door_events
  for values from ('2024-04-01 00:00+00') to ('2024-07-01 00:00+00');
create table app.door_events_default partition of app.door_events default;

create index door_events_location_idx on app.door_events (location_id, occurred_at desc);

alter table app.door_events enable row level security;

create policy members_read_own_door_events on app.door_events
  for select to authenticated using (profile_id = (select app.current_profile_id()));
create policy service_role_reads_door_events on app.door_events
  for select to service_role using (true);

grant select on app.door_events to authenticated, service_role;

-- Called by the door controllers. Returns whether the door may open.
create function app.record_door_event(
  p_location_id bigint,
  p_profile_id uuid,
  p_direction app.door_direction,
  p_occurred_at timestamptz default now()
) returns boolean
language plpgsql security definer
set search_path = ''
as $$
begin
  if p_direction = 'in'
     and exists (select from app.profiles where id = p_profile_id and suspended_at is not null) then
    return false;
  end if;

  insert into app.door_events (occurred_at, location_id, profile_id, direction)
  values (p_occurred_at, p_location_id, p_profile_id, p_direction);
  return true;
end
$$;

create function app.purge_door_events(p_keep interval default '1 year') returns bigint
language plpgsql security definer
set search_path = ''
as $$
declare
  v_purged bigint;
begin
  delete from app.door_events where occurred_at < now() - p_keep;
  get diagnostics v_purged = row_count;
  return v_purged;
end
$$;

comment on function app.purge_door_events(interval) is 'Data protection: movements are kept for a year at most.';

revoke execute on function
  app.record_door_event(bigint, uuid, app.door_direction, timestamptz),
  app.purge_door_events(interval)
from public;
grant execute on function
  app.record_door_event(bigint, uuid, app.door_direction, timestamptz),
  app.purge_door_events(interval)
to service_role;
