-- b3i1
﻿CREATE TABLE "Mixed""Case" ("a b" int, A_b$1 text, "select" int);
SELECT has_table('Mixed"Case'::name), has_column("x"."y", 'é');
CREATE TABLE a_name_of_more_than_sixty_three_bytes_is_cut_by_the_server_at_the_end_é (x int);
ALTER TABLE public."Mixed""Case" RENAME COLUMN "a b" TO ab;
