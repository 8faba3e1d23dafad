-- What the counters of the swarm said when somebody looked for alerts, now and then, so that whoever looks next knows
-- what they were a while ago.

create table looks (
  id integer primary key autoincrement,
  tick integer not null,   -- milliseconds of the boot in the same row
  boot text not null,
  counts text not null     -- a JSON object: how deliveries ended, what inboxes refused, how often agents were restarted
) strict;
