-- How far the supervisor holds back what it starts, of what could go on at once, in percent; null: nobody looks.
alter table runs add column held_to integer check (held_to between 1 and 100);
alter table runs add column held_cause text check (held_cause in ('load', 'memory'));
alter table runs add column held_reason text;
alter table runs add column held_since integer;
-- Later than that it holds nobody back: its supervisor is dead, or stopped.
alter table runs add column held_until_tick integer;

-- What the governor of the swarm that runs last decided, whether or not it still holds.
create view governor as
select
  r.swarm, r.mark as run_mark, r.held_to as level, r.held_cause as cause, r.held_reason as reason,
  datetime(r.held_since / 1000, 'unixepoch') as since_utc,
  r.held_since as since_at, r.held_until_tick as until_tick, r.boot
from runs r where r.state != 'stopped' and r.held_to is not null;
