-- l3f0
SELECT has_table('xa'); SELECT $b$ x $b$; DO $body$Ä $body$;
/* Ä* */ SELECT (1), has_table('b') , 1 ä+-- c
2; SELECT "ên";
