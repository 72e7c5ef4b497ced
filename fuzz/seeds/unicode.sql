-- u2u3
SELECT has_table(U&'d\0061t\+000061');
SELECT has_table(U&'d!0061t!!' UESCAPE '!', U&"n\0061me");
CREATE TABLE U&"t!0061ble" UESCAPE '!' (é int, "ü" text);
SELECT U&'\D83D\DE00' 'x', u&x, U&
'a', U & 'b', U&'a'
'b' UESCAPE '#';
