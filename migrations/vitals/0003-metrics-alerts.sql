-- Alerts: what is or was wrong, by which rule and with what. Each row is one time that it was so.
-- Times are milliseconds since 1970.

create table alerts (
  id integer primary key autoincrement,
  rule text not null,
  subject text not null,     -- an inbox, an agent, a process; 'bus', 'swarm', 'disk' where there is one only
  severity text not null,
  state text not null check (state in ('firing', 'resolved')),
  value real not null,       -- when it fired
  threshold real not null,
  unit text not null,
  about text not null,
  fired_at integer not null,
  resolved_at integer,       -- null: it fires
  silenced integer not null default 0 check (silenced in (0, 1)),  -- nobody was told
  acked_at integer,          -- somebody sees to it
  acked_by text,
  check ((state = 'resolved') = (resolved_at is not null))
) strict;

create unique index alerts_firing on alerts (rule, subject) where state = 'firing';
create index alerts_fired on alerts (fired_at);

-- Of what nobody is told until then: of a rule, of a subject, or of both together.
create table silences (
  id integer primary key autoincrement,
  rule text,                 -- null: every rule
  subject text,              -- null: every subject
  made_at integer not null,
  until_at integer not null,
  made_by text
) strict;
