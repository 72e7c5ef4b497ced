BEGIN;
SELECT plan(15);

SELECT is_empty(
  $$ SELECT oid::regclass FROM pg_class
      WHERE relnamespace IN ('app'::regnamespace, 'billing'::regnamespace)
        AND relkind IN ('r', 'p') AND NOT relispartition AND NOT relrowsecurity $$,
  'row level security is on everywhere'
);

SELECT policies_are(
  'app', 'bookings',
  ARRAY[
    'members_read_own_bookings', 'members_book_for_themselves', 'members_change_own_bookings',
    'staff_manage_bookings', 'suspended_members_cannot_book', 'service_role_reads_bookings'
  ],
  'the policies on bookings'
);
SELECT policy_cmd_is('app', 'bookings', 'members_read_own_bookings', 'select', 'reading');
SELECT policy_cmd_is('app', 'bookings', 'members_book_for_themselves', 'insert', 'booking');
SELECT policy_cmd_is('app', 'bookings', 'members_change_own_bookings', 'update', 'changing');
SELECT policy_cmd_is('app', 'bookings', 'staff_manage_bookings', 'all', 'everything');
SELECT policy_roles_are(
  'app', 'bookings', 'staff_manage_bookings', ARRAY['authenticated'],
  'staff sign in like members'
);
SELECT policy_roles_are(
  'app', 'bookings', 'service_role_reads_bookings', ARRAY['service_role'],
  'for the back office'
);

SELECT policies_are(
  'app', 'rooms', ARRAY['anyone_reads_published_rooms', 'staff_manage_rooms'],
  'the policies on rooms'
);
SELECT policy_roles_are(
  'app', 'rooms', 'anyone_reads_published_rooms', ARRAY['anon', 'authenticated', 'service_role'],
  'anyone is everyone'
);
SELECT policy_cmd_is('app', 'rooms', 'anyone_reads_published_rooms', 'select', 'anyone reads');

SELECT policies_are(
  'app'::name, 'profiles'::name,
  ARRAY[
    'members_read_own_profile', 'members_update_own_profile', 'service_role_reads_profiles', 'staff_read_profiles'
  ]::name[]
);
SELECT policy_roles_are(
  'billing', 'invoices', 'service_role_manages_invoices', ARRAY['service_role'],
  'invoices are written by the back office'
);
SELECT policy_cmd_is('billing', 'invoices', 'members_read_own_invoices', 'select', 'members read theirs');

-- The default would be all commands for everybody.
SELECT is_empty(
  $$ SELECT policyname FROM pg_policies WHERE schemaname IN ('app', 'billing') AND 'public' = ANY (roles) $$,
  'no policy is for PUBLIC'
);

SELECT * FROM finish();
ROLLBACK;
