-- Sorts first, so it runs first. What stands before BEGIN stays for the other files.
CREATE EXTENSION IF NOT EXISTS pgtap;

CREATE SCHEMA IF NOT EXISTS tests;
GRANT USAGE ON SCHEMA tests TO anon, authenticated, service_role;

CREATE OR REPLACE FUNCTION tests.create_profile(p_email text, p_role app.profile_role DEFAULT 'member')
RETURNS uuid LANGUAGE sql AS $$
  INSERT INTO app.profiles (email, full_name, role)
  VALUES (p_email, initcap(split_part(p_email, '@', 1)), p_role)
  RETURNING id
$$;

-- A published room, in a location that is made when it is first asked for.
CREATE OR REPLACE FUNCTION tests.create_room(
  p_name text, p_rate_cents integer DEFAULT 2000, p_capacity integer DEFAULT 8, p_location text DEFAULT 'harbour'
) RETURNS bigint LANGUAGE sql AS $$
  INSERT INTO app.locations (slug, name, address, time_zone)
  VALUES (p_location, initcap(p_location), '1 Quay Street', 'UTC')
  ON CONFLICT (slug) DO NOTHING;

  INSERT INTO app.rooms (location_id, name, hourly_rate_cents, capacity, is_published)
  SELECT id, p_name, p_rate_cents, p_capacity, true FROM app.locations WHERE slug = p_location
  RETURNING id
$$;

-- Definer, because whoever is signed in sees one profile at most.
CREATE OR REPLACE FUNCTION tests.profile_id(p_email text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER AS $$
  SELECT id FROM app.profiles WHERE email = p_email
$$;

CREATE OR REPLACE FUNCTION tests.authenticate_as(p_email text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_id uuid := tests.profile_id(p_email);
BEGIN
  IF v_id IS NULL THEN
    RAISE EXCEPTION 'no test profile %', p_email;
  END IF;
  PERFORM set_config('role', 'authenticated', true);
  PERFORM set_config('request.jwt.claims', json_build_object('sub', v_id, 'role', 'authenticated')::text, true);
END
$$;

CREATE OR REPLACE FUNCTION tests.sign_out() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('role', 'anon', true);
  PERFORM set_config('request.jwt.claims', '', true);
END
$$;

BEGIN;
SELECT plan(4);

SELECT has_function('tests', 'create_profile', ARRAY['text', 'app.profile_role'], 'helper: create_profile');
SELECT has_function('tests', 'authenticate_as', ARRAY['text'], 'helper: authenticate_as');

SELECT tests.create_profile('probe@example.com');
SELECT tests.authenticate_as('probe@example.com');
SELECT is(current_user::text, 'authenticated', 'authenticate_as switches the role');

SELECT tests.sign_out();
SELECT is(app.current_profile_id(), NULL, 'sign_out forgets who it was');

SELECT * FROM finish();
ROLLBACK;
