begin;
select plan(6);

select tests.create_room('Lantern');
select tests.create_profile('ada@example.com');
select tests.create_profile('gone@example.com');
update app.profiles set suspended_at = now() where email = 'gone@example.com';

set local role service_role;

select ok(
  app.record_door_event(l.id, tests.profile_id('ada@example.com'), 'in', '2024-05-06 07:58+00'),
  'the door opens'
) from app.locations l;
select ok(
  not app.record_door_event(l.id, tests.profile_id('gone@example.com'), 'in', '2024-05-06 08:00+00'),
  'but not for the suspended'
) from app.locations l;
select ok(
  app.record_door_event(l.id, tests.profile_id('gone@example.com'), 'out', '2024-05-06 08:01+00'),
  'who may still leave'
) from app.locations l;

select results_eq(
  'select direction::text from app.door_events order by occurred_at',
  array['in', 'out'],
  'what happened is on record'
);

reset role;
select is(
  tableoid::regclass, 'app.door_events_2024_q2'::regclass, 'in the partition of its quarter'
) from app.door_events where direction = 'in';

select tests.authenticate_as('ada@example.com');
select is(count(*)::int, 1, 'people see their own movements only') from app.door_events;

select * from finish();
rollback;
