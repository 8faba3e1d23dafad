-- Agents: the programs that `skep up` runs, and the runs they belong to.

create table runs (
  id integer primary key autoincrement,
  swarm text not null,
  file text not null,
  state text not null check (state in ('running', 'stopping', 'stopped')),
  mark text not null,          -- SKEP_RUN in the environment of all that it started
  boot text not null,          -- pids of another boot mean nothing
  pid integer not null,        -- the supervisor
  start_time integer not null,
  started_at integer not null,
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
  runner text not null check (runner in ('exec', 'stream', 'self', 'module')),
  inbox text not null,
  state text not null check (state in
    ('starting', 'ready', 'busy', 'paused', 'suspect', 'stopping', 'stopped', 'failed', 'dead')),
  reason text,                 -- why it is in that state, where there is something to say
  token_hash text not null,    -- SHA-256 of the token its programs carry
  host_pid integer,
  host_start_time integer,
  program_pid integer,         -- null between the messages of an exec agent
  program_start_time integer,
  started_at integer,
  changed_at integer not null
) strict, without rowid;

create view swarm as
select
  a.name, a.state, a.reason, a.runner, a.inbox, a.host_pid, a.program_pid,
  r.swarm, r.state as run_state,
  datetime(a.started_at / 1000, 'unixepoch') as started_utc,
  datetime(a.changed_at / 1000, 'unixepoch') as changed_utc
from agents a join runs r on r.id = a.run;
