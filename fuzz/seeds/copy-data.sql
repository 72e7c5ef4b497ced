-- C1d9
COPY t (a, b) FROM stdin;
1	'x;
\.x
\N	\\.

\.
SELECT has_table('t');
COPY app.t FROM STDIN WITH (FORMAT csv); SELECT has_table('not here');
a,"b
\.
\copy t from stdin
2	$$
\.
COPY t TO stdout; SELECT has_table('here');
COPY u FROM stdin;
3	open
