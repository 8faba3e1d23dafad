-- Signs of life, in a file of their own: they are written each second, and nothing is lost with them.
-- Times named *_at are milliseconds since 1970; times named *_tick are milliseconds of the boot in the same row.

create table heartbeats (
  agent text primary key,
  at integer not null,      -- the last sign of life, from its host or from itself
  tick integer not null,    -- the same moment; what counts, for the wall clock may be set
  boot text not null,
  status text not null check (status in ('healthy', 'degraded', 'unhealthy')),  -- as it last said itself
  detail text check (length(detail) <= 1000),
  said_tick integer,        -- when it said so (skep beat); null: it never did, and its host speaks for it
  pid integer               -- the process that gave the sign
) strict, without rowid;
