-- k2k9
SELECT has_table((('a'))), is((SELECT (1)), (2)), ok(ARRAY[[1, 2], [3]][1][2:3] = (1)), ((;
CREATE RULE r AS ON INSERT TO t DO (a; b); SELECT ]), ROW(1, (2, '3')), has_table('b');
);SELECT has_table('c'
