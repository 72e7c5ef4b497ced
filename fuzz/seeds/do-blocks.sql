-- d2d2
DO $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_type) THEN CREATE TYPE e AS ENUM ('a', 'b'); END IF;
  EXECUTE 'CREATE TABLE app.made (id int)';
  EXECUTE format('CREATE TABLE %I (id int)', 'x');
  PERFORM has_table('made');
END $$;
DO LANGUAGE plpgsql 'BEGIN PERFORM ok(true); EXECUTE $q$ SELECT has_view($v$v$v$) $q$; END';
DO $a$ BEGIN DO $b$ BEGIN DO $c$ BEGIN DO $d$ x $d$; END $c$; END $b$; END $a$;
DO $$ DECLARE t text; u CONSTANT name := 'x'; r record; l text[] = '{a,b}'; BEGIN
  <<each>> FOREACH t IN ARRAY l || ARRAY['c'] LOOP
    IF NOT EXISTS (SELECT FROM pg_tables) THEN EXECUTE format('CREATE TABLE %I (id int)', t); CONTINUE each WHEN y; END IF;
    FOR r IN SELECT v.a || 'z' AS a FROM (VALUES ('d'), (NULL)) AS v (a) LOOP EXECUTE 'DROP TABLE ' || r.a || t || u; END LOOP;
  END LOOP;
END $$;
