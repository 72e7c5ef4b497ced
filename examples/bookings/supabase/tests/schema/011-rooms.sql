BEGIN;
SELECT plan(20);

SELECT has_column('app', 'rooms', 'name', 'rooms.name exists');
SELECT col_type_is('app', 'rooms', 'name', 'text', 'rooms.name is text');
SELECT col_not_null('app', 'rooms', 'name', 'a room has a name');

SELECT col_type_is('app', 'rooms', 'kind', 'app', 'room_kind', 'rooms.kind is an enum');
SELECT col_has_default('app', 'rooms', 'kind', 'rooms.kind has a default');
SELECT col_default_is('app', 'rooms', 'kind', 'meeting', 'most rooms are meeting rooms');

SELECT col_type_is('app', 'rooms', 'capacity', 'smallint', 'rooms.capacity is small');
SELECT col_not_null('app', 'rooms', 'capacity', 'capacity is known');
SELECT col_default_is('app', 'rooms', 'is_published', 'false', 'a new room is not shown yet');
SELECT col_type_is('app', 'rooms', 'buffer_minutes', 'smallint', 'there is a buffer between bookings');

SELECT has_pk('app', 'rooms', 'rooms have a primary key');
SELECT col_is_pk('app', 'rooms', 'id', 'which is the id');
SELECT fk_ok('app', 'rooms', 'location_id', 'app', 'locations', 'id');
SELECT col_is_unique('app', 'rooms', ARRAY['location_id', 'name'], 'names are unique in a location');
SELECT has_check('app', 'rooms', 'rooms have checks');

SELECT has_index('app', 'rooms', 'rooms_published_idx', ARRAY['location_id', 'kind'], 'the directory has its index');
SELECT index_is_type('app', 'rooms', 'rooms_published_idx', 'btree', 'it is a plain b-tree');
SELECT index_is_unique('app', 'rooms', 'rooms_location_id_name_key', 'the name index is unique');

SELECT lives_ok(
  $$ SELECT tests.create_room('Lantern', 1500, 4) $$,
  'a room can be created'
);
SELECT throws_ok(
  $$ UPDATE app.rooms SET capacity = 0 WHERE name = 'Lantern' $$,
  '23514',
  'new row for relation "rooms" violates check constraint "rooms_capacity_check"',
  'a room holds somebody'
);

SELECT * FROM finish();
ROLLBACK;
