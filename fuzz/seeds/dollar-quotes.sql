-- t0d1
SELECT has_table($$a$$, $x$ $y$ $$ $x$, $ü$it's$ü$);
SELECT a$b, $1, $2x, $tag FROM t$ WHERE $$ $ $x $$ = $a$$ab$$a$;
SELECT $a$ $a $ $a$, $$$$;
PREPARE p (int) AS SELECT $1;
