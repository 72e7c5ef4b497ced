-- v3v7
\set s 'app'
SELECT has_table(:'s', 't'), has_column(:"s", :s, 'c'), has_table(:s.t);
SELECT a[1:n], a[:n], b::text, c:=1, :'no var', :"open, ':s', $$:s$$, -- :s
x:'s', :{?s}, :: int, :: :s, :1, :é;
