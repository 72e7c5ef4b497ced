-- m2k3
CREATE SCHEMA app;
SET search_path = app, public;
CREATE TABLE rooms (id serial PRIMARY KEY, name text NOT NULL UNIQUE CHECK (name <> ''), at timestamptz DEFAULT now(),
  owner int REFERENCES people (id), EXCLUDE USING gist (at WITH =), CONSTRAINT c FOREIGN KEY (id, name) REFERENCES b);
CREATE TABLE IF NOT EXISTS parts (LIKE rooms INCLUDING ALL) INHERITS (base) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (1) TO (10);
CREATE UNIQUE INDEX ON rooms (lower(name), (id + 1)) INCLUDE (at) WHERE id > 0;
ALTER TABLE ONLY rooms ADD COLUMN x numeric(10, 2)[], DROP COLUMN at CASCADE, ADD CONSTRAINT k CHECK (x > 0);
ALTER TABLE rooms RENAME TO chambers; ALTER TABLE chambers SET SCHEMA public;
DROP TABLE IF EXISTS parts, public.chambers CASCADE;
