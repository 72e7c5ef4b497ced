-- p3p5
\set ON_ERROR_STOP on
\set schema 'app' 'lication'
\set quoted 'it\'s \\ a "b"'
\unset x
\pset format unaligned \t on \\ SELECT has_table('a');
SELECT 1 \g
SELECT has_table('b') \gx out.txt
SELECT 'SELECT has_table(''c'')' \gexec
SELECT 2 AS v \gset p_
SELECT 3\; SELECT has_table('d');
\if :p_v
\echo :schema `date` "x;y"
\else
\ir other.sql
\i 'a file.sql'
\endif
\! echo 'it"s
\copy (SELECT 1) to 'x' \\ here
SELECT has_table('e') \watch 1
\d+ t
\q