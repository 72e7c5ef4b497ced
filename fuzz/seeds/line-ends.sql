-- e3w3
SELECT 'a'
'b', 'c' -- d'e', has_table('f')
;
\set x 'y'
\ir z.sqlCOPY t FROM stdin;
1	2
\.
SELECT has_table('g');SELECT	1 \gset
