CREATE FUNCTION app.pay(n int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  IF n < 0 THEN RAISE EXCEPTION 'cannot pay %', n USING ERRCODE = 'P0009'; END IF;
  INSERT INTO app.log VALUES (n);
  RETURN app.tax(n);
END $$;
CREATE POLICY own ON app.log AS RESTRICTIVE FOR INSERT TO author USING (app.may(owner)) WITH CHECK (true);
ALTER POLICY own ON app.log TO reader, author;
ALTER TABLE app.log ENABLE ROW LEVEL SECURITY, ALTER n SET DEFAULT app.tax(1);
CREATE RULE keep AS ON DELETE TO app.log WHERE old.n > 0 DO ALSO (INSERT INTO app.kept SELECT old.*; UPDATE app.sum SET n = 1);
SELECT tests.authenticate_as('ann'), tests.rls_enabled('app', 'log'), tests.create_supabase_user('ann');
SELECT throws_like('SELECT app.pay(-1)', 'cannot pay %'), hasnt_table('app', 'log', 'gone'), policies_are('log', ARRAY['own']);
SELECT ok(has_table_privilege('author', 'app.log', 'insert')), ok(to_regprocedure('app.pay(int)') IS NOT NULL);
SELECT ok(EXISTS (SELECT 1 FROM pg_policies p JOIN pg_class c ON c.relname = p.tablename
  WHERE p.schemaname = 'app' AND tablename = 'log' AND policyname IN ('own', 'other') AND (qual LIKE '%x%' OR true)));
SELECT is(app.pay('1'::int), 1), is(app.pay(cast(x AS app.money), date '2024-01-01', -1.5), 2);
CREATE FUNCTION tests.login(who text) RETURNS void LANGUAGE plpgsql AS $$ DECLARE claims text := json_build_object('sub', who);
  BEGIN PERFORM set_config('request.jwt.claims', claims, true); EXECUTE 'SET LOCAL ROLE ' || quote_ident(who); RESET ROLE; END $$;
BEGIN; SELECT tests.login('ann'); SELECT isnt_empty('UPDATE app.log SET line = 1 WHERE true RETURNING line');
SELECT throws_ok('TABLE app.log', 'permission denied for schema app'); ALTER TABLE app.log OWNER TO author; ROLLBACK;
