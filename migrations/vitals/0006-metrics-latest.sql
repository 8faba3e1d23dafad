-- What a series came to last in a minute: so its last value is found without looking through the points.

alter table rollups add column last_value real;   -- null: it was rolled up before this was noted
alter table rollups add column last_at integer;
