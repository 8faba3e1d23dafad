-- Agents: the programs that `skep up` runs, and the runs they belong to.

create table runs (
  id integer primary key autoincrement,
  swarm text not null,
  file text not null,
  state text not null check (state in ('running', 'stopping', 'stopped')),
  mark text not null,          -- SKEP_RUN in the environment of all that it started
  boot text not null,          -- pids of another boot mean nothing
  namespace text not null,     -- nor do those of another pid namespace: a container's, say
  pid integer not null,        -- the supervisor
  start_time integer not null,
  guardian_pid integer,        -- what starts it again when it is killed; null: nobody does
  started_at integer not null,
  seen_tick integer not null,  -- when its supervisor last said that it is there
  counts text,                 -- JSON: how many agents of a group there are, where `skep scale` has said so
  stop_asked_at integer,       -- by skep down
  stop_timeout_ms integer,
  ended_at integer,
  summary text                 -- JSON, written when it has stopped
) strict;

-- One swarm to a home at a time.
create unique index runs_open on runs ((1)) where state != 'stopped';

create table agents (
  name text primary key,
  run integer not null references runs (id),
  member_of text not null,     -- the group of the swarm file that it belongs to
  runner text not null check (runner in ('exec', 'stream', 'self', 'module')),
  inbox text not null,
  state text not null check (state in
    ('starting', 'ready', 'busy', 'paused', 'suspect', 'stopping', 'stopped', 'failed', 'dead')),
  reason text,                 -- why it is in that state, where there is something to say
  token_hash text not null,    -- SHA-256 of the token its programs carry
  paused integer not null default 0 check (paused in (0, 1)),  -- it may claim nothing
  restarts integer not null default 0,  -- in this run
  evidence text,               -- the end of its log when it last failed
  host_pid integer,
  host_start_time integer,
  program_pid integer,         -- null between the messages of an exec agent
  program_start_time integer,
  started_at integer,
  changed_at integer not null,
  last_beat_at integer,        -- copied from vitals.db now and then, as is what follows
  health text check (health in ('healthy', 'degraded', 'unhealthy')),
  health_detail text
) strict, without rowid;

-- What somebody wants of the swarm that runs; its supervisor sees to it, and says how it went.
create table orders (
  id integer primary key autoincrement,
  run integer not null references runs (id),
  verb text not null check (verb in ('restart', 'pause', 'unpause', 'scale', 'apply')),
  subject text not null,       -- an agent or a group; the swarm file
  amount integer,              -- how many agents
  asked_at integer not null,
  done_at integer,
  answer text                  -- JSON: { "done": ... } or { "error": { ... } }
) strict;

create index orders_open on orders (id) where done_at is null;

create view swarm as
select
  a.name, a.member_of,
  case when a.state = 'ready' and a.name in (select holder from working) then 'busy' else a.state end as state,
  a.reason, a.runner, a.inbox, a.restarts, a.host_pid, a.program_pid,
  a.health, a.health_detail,
  datetime(a.last_beat_at / 1000, 'unixepoch') as last_beat_utc,
  r.swarm, r.state as run_state,
  datetime(a.started_at / 1000, 'unixepoch') as started_utc,
  datetime(a.changed_at / 1000, 'unixepoch') as changed_utc
from agents a join runs r on r.id = a.run;
