-- i3i3
CREATE TABLE café ("ÿþ" int);
SELECT has_table('café', "Ã"),    { } ` has_column(E'\xff\351');
\set v 'é'
SELECT $é$ é $é$;
