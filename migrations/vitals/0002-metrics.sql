-- Metrics: what was measured of agents and processes, and what users emit. What becomes of messages is not here: bus.db
-- knows it exactly.

-- What a point is of. There are few of these and many points.
create table series (
  id integer primary key autoincrement,
  name text not null,
  unit text not null,
  agent text not null,       -- whom it is about, or who emitted it; '': nobody in particular
  tags text not null,        -- a JSON object, its keys in order; {"*":"*"}: there were too many others, so these have none
  last_at integer not null,  -- when it last got a point, to the hour
  unique (name, unit, agent, tags)
) strict;

-- In the order in which they came.
create table points (
  id integer primary key autoincrement,
  at integer not null,       -- milliseconds since 1970
  series integer not null,
  value real not null
) strict;

-- All points of a series in a minute, for longer than those are kept.
create table rollups (
  id integer primary key autoincrement,
  minute integer not null,   -- when it began, in milliseconds since 1970
  series integer not null,
  count integer not null check (count > 0),
  sum real not null,
  least real not null,
  most real not null,
  histogram text not null,   -- a JSON object: how many values are in which bucket (src/metrics/histogram.ts)
  unique (minute, series)
) strict;

create view metrics as
select
  p.id, strftime('%Y-%m-%d %H:%M:%f', p.at / 1000.0, 'unixepoch') as at_utc,
  s.name, p.value, s.unit, nullif(s.agent, '') as agent, s.tags, p.at
from points p join series s on s.id = p.series;

create view minutes as
select
  strftime('%Y-%m-%d %H:%M', r.minute / 1000, 'unixepoch') as minute_utc,
  s.name, s.unit, nullif(s.agent, '') as agent, s.tags,
  r.count, r.sum / r.count as mean, r.least, r.most, r.minute
from rollups r join series s on s.id = r.series;
