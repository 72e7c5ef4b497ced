-- s1s2
SELECT has_table('it''s', 'a table''s');
SELECT has_table(E'a\'b\\', E'\u0041\U00000041\x41\101\n\q');
SELECT has_table(N'n', B'01', X'1F');
SELECT has_table('app'
  'lication', 'x' -- a note
  ' goes on');
SELECT has_table('a' /* no
newline */ 'b');
SELECT E'a'
'b\'', 'open''
'''' end';
