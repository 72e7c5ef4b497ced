-- o3o2
SELECT a<=-1, b=-1, c*-+d, e@-f, g@-+h, x--y
, i+/*c*/j, k/**/-l, m -/* n */- o, p|/q, r->>'s', t#>>'{u}', v !~~* w, x <> y, z != 1, 2=>3, 4:=5, 6::int, 7**-8;
SELECT ok(a OPERATOR(pg_catalog.+) b, 'd'), is(-1, - 1), is(a ? 'b', true), 1<-- c
2;
