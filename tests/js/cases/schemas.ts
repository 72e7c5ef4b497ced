// The schemas of the cases that bring none.

/** Tables, a view, functions, triggers, constraints. */
export const SHOP = `
  create schema shop;
  create table shop.users (id int primary key, name text not null unique, age int check (age > 0), boss int);
  create table shop.orders (id int primary key, user_id int not null references shop.users, total numeric default 0);
  create table shop.log (line text);
  create view shop.adults as select id, name from shop.users where age >= 18;
  create function shop.tax(n numeric) returns numeric language sql immutable as 'select n * 0.2';
  create function shop.stamp() returns trigger language plpgsql as $$
    begin new.name := trim(new.name); return new; end $$;
  create trigger stamp before insert or update of name on shop.users for each row execute function shop.stamp();
  create function shop.note() returns trigger language plpgsql as $$
    begin insert into shop.log values (tg_op); return null; end $$;
  create trigger note after insert or delete on shop.users for each row execute function shop.note();
`;

/** Row level security: notes that a team member sees, and writes under their own name. */
export const NOTES = `
  create schema shop;
  create table shop.notes (id int primary key, owner text not null default current_user, body text, secret boolean);
  create table shop.audit (line text);
  alter table shop.notes enable row level security;
  create policy own on shop.notes to shop_user using (owner = current_setting('app.who', true));
  create policy shown on shop.notes for select to shop_guest using (not secret);
  create policy quiet on shop.notes as restrictive for insert to shop_user with check (body <> 'loud');
  grant usage on schema shop to shop_user, shop_guest;
  grant select, insert, update, delete on shop.notes to shop_user;
  grant select on shop.notes to shop_guest;
  create function shop.whisper() returns text language sql as $$ select 'x' $$;
  revoke execute on function shop.whisper from public;
  grant execute on function shop.whisper to shop_user;
  insert into shop.notes values (1, 'ann', 'a', false), (2, 'bob', 'b', true);
`;
