-- When the supervisor began with an order: from then on nobody can take it back.
alter table orders add column taken_at integer;
