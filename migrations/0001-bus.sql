-- The bus: messages stored once, one delivery per inbox, and a ledger that must always add up.
-- Times named *_at are milliseconds since 1970; times named *_tick are milliseconds of the boot named in meta.

create table meta (
  key text primary key,
  value text not null
) strict, without rowid;

-- One row per inbox: its limits, what lies in it now, and what ever ended there.
-- sent + moved_in = ready + delayed + leased + parked + acked + dead + expired + purged + moved_out
create table ledger (
  inbox text primary key,
  created_at integer not null,
  temporary integer not null default 0 check (temporary in (0, 1)),
  cap integer check (cap > 0),              -- deliveries; null: bus.inbox_cap
  cap_bytes integer check (cap_bytes > 0),  -- bytes of bodies; null: bus.inbox_bytes
  rate_per_s real check (rate_per_s > 0),   -- messages a second that it takes; null: any number
  burst integer check (burst > 0),          -- how many may come at once all the same
  arrival_tick real,                        -- when the next one is due by that rate; null: long ago
  expires_at integer,                       -- a temporary one that nobody takes away goes then
  ready integer not null default 0 check (ready >= 0),
  delayed integer not null default 0 check (delayed >= 0),
  leased integer not null default 0 check (leased >= 0),
  parked integer not null default 0 check (parked >= 0),
  reserved integer not null default 0 check (reserved >= 0),  -- slots kept for replies that were asked for
  bytes integer not null default 0 check (bytes >= 0),
  sent integer not null default 0,
  moved_in integer not null default 0,
  acked integer not null default 0,
  dead integer not null default 0,
  expired integer not null default 0,
  purged integer not null default 0,
  moved_out integer not null default 0,
  refused integer not null default 0,       -- sends that found it full or came too fast
  check (sent + moved_in = ready + delayed + leased + parked + acked + dead + expired + purged + moved_out)
) strict, without rowid;

create index ledger_expires on ledger (expires_at) where expires_at is not null;

-- A message takes as many ids as it has deliveries: its own id is that of the first. So each table below is
-- reached from a message by its primary key, and a send has no further index to keep.
create table messages (
  id integer primary key,
  deliveries integer not null default 1 check (deliveries >= 1),
  sender text,               -- null: the sender did not say who it is
  type text,
  topic text,                -- what it was published on; null: it was sent
  thread text,
  reply_to text,             -- the inbox that waits for an answer; null: none was asked for
  priority integer not null check (priority between 0 and 9),
  sent_at integer not null,
  body blob not null
) strict;

-- The next id is counted from the newest message, so that one has to stay: no id is ever used twice.
create trigger messages_keep_newest before delete on messages
when old.id = (select max(id) from messages)
begin
  select raise(ignore);
end;

create index messages_thread on messages (thread) where thread is not null;
create index messages_reply_to on messages (reply_to) where reply_to is not null;

-- What is still to be done. A delivery that ends leaves for history or dead_letters.
create table deliveries (
  id integer primary key,
  message_id integer not null,
  inbox text not null,
  state text not null check (state in ('ready', 'delayed', 'leased', 'parked')),
  priority integer not null,
  bytes integer not null,
  owes_reply integer not null check (owes_reply in (0, 1)),  -- a reserved slot waits for its answer
  alone integer not null default 0 check (alone in (0, 1)),  -- claimed without company since its holder died
  attempt integer not null default 0,
  epoch integer not null default 0,  -- the number of the lease
  nonce integer,                     -- with id and epoch the receipt; null: no receipt is good
  holder text,
  claimed_at integer,
  lease_tick integer,                -- leased until
  due_tick integer,                  -- delayed until: a rest after a failure
  due_at integer,                    -- delayed until: its sender wants it so
  expires_at integer,                -- nobody wants it any more from then on; null: it keeps
  run integer,                       -- parked under this run; null: by a drain
  -- What a state means (docs/states.md): a lease is in force or there is none, and only what rests waits for a time.
  check ((state = 'leased') = (lease_tick is not null)),
  check (state != 'leased' or nonce is not null),
  check (state = 'delayed' or due_tick is null),
  check (state != 'delayed' or due_tick is not null or due_at is not null),
  check (state != 'parked' or nonce is null),
  check (state = 'parked' or run is null)
) strict;

create index deliveries_ready on deliveries (inbox, priority desc, id) where state = 'ready';
create index deliveries_delayed on deliveries (inbox, due_tick) where state = 'delayed';
create index deliveries_scheduled on deliveries (inbox, due_at) where state = 'delayed' and due_at is not null;
create index deliveries_expiring on deliveries (inbox, expires_at) where expires_at is not null;
create index deliveries_leased on deliveries (inbox, lease_tick) where state = 'leased';
create index deliveries_parked on deliveries (run) where state = 'parked';

-- Every claim that did not end in an ack: who held it, and why it came back. A time among the dead letters that
-- somebody ended with a retry stands here too, and a move to another inbox, with the number after that of the last claim.
create table attempts (
  delivery_id integer not null,
  epoch integer not null,
  holder text,
  claimed_at integer not null,
  ended_at integer not null,
  outcome text not null check (outcome in ('nacked', 'expired', 'died', 'returned', 'retried', 'moved')),
  reason text,
  primary key (delivery_id, epoch)
) strict, without rowid;

create table history (
  delivery_id integer primary key,
  message_id integer not null,
  inbox text not null,
  outcome text not null check (outcome in ('acked', 'expired', 'purged')),
  attempt integer not null,
  epoch integer not null,
  nonce integer,
  holder text,
  claimed_at integer,
  ended_at integer not null
) strict;

create table dead_letters (
  delivery_id integer primary key,
  message_id integer not null,
  inbox text not null,
  reason text not null,
  attempt integer not null,
  epoch integer not null,
  priority integer not null,
  bytes integer not null,
  holder text,
  died_at integer not null
) strict;

create index dead_letters_inbox on dead_letters (inbox);

-- A key makes a send idempotent: its sender sends it once, however often it tries.
create table keys (
  sender text not null,      -- '': it did not say who it is
  key text not null,
  message_id integer not null,
  digest blob not null,      -- SHA-256 of recipient, type and body
  expires_at integer not null,
  primary key (sender, key)
) strict, without rowid;

create index keys_expires on keys (expires_at);

-- Who gets what is published on a topic. A pattern is a topic, or has * for one word of it, or > for all that follow.
create table subscriptions (
  pattern text not null,
  inbox text not null,
  created_at integer not null,
  skipped integer not null default 0,  -- of skep's own messages, those that found the inbox full
  primary key (pattern, inbox)
) strict, without rowid;

create index subscriptions_inbox on subscriptions (inbox);

-- Nothing is published into an inbox that is gone, nor into another one that gets its name later.
create trigger ledger_takes_subscriptions after delete on ledger
begin
  delete from subscriptions where inbox = old.inbox;
end;

-- What a sender may send, whoever gets it. Whoever has no row here sends as it likes.
create table senders (
  name text primary key,
  rate_per_s real not null check (rate_per_s > 0),
  burst integer not null check (burst > 0),
  arrival_tick real,         -- when its next message is due by that rate; null: long ago
  refused integer not null default 0
) strict, without rowid;

-- One row per process, or agent in a shared one, that waits for an inbox: for mail in it, for room in it, or for its turn by a rate.
create table waiters (
  id integer primary key autoincrement,
  inbox text not null,
  wants text not null check (wants in ('mail', 'room', 'turn')),
  pid integer not null,
  slot integer not null default 0,  -- which of the agents that share the process
  start_time integer not null,
  port integer,                     -- null: no socket to be had, it polls
  nonce integer not null,
  waiting integer not null check (waiting in (0, 1)),  -- 0: rung, or busy with what it got
  since integer not null,
  places integer not null default 0,  -- how much room it wants: deliveries and slots
  bytes integer not null default 0,   -- and bytes of bodies
  rung_tick integer                   -- when it was told of room; null: not since it waits
) strict;

create unique index waiters_process on waiters (pid, slot, inbox, wants);
create index waiters_waiting on waiters (inbox, wants, id) where waiting = 1;
create index waiters_room on waiters (inbox, id) where wants = 'room';  -- the line that nobody may jump

-- While a row is here the bus takes no claims and no messages: a drain, until skep resume; or a swarm on its way down.
create table drains (
  id integer primary key autoincrement,
  reason text not null unique check (reason in ('drain', 'stop')),
  started_at integer not null,
  deadline_at integer not null,    -- for people; what counts is the tick
  deadline_tick integer not null,  -- what is held may be settled until then
  leased integer not null,         -- how many deliveries were held when it began
  parked_at integer,               -- null: what is left has yet to be parked
  parked integer,                  -- how many were parked
  returned integer                 -- how many of those were taken back from their holders
) strict;

create view inboxes as
select
  inbox, ready, delayed, leased, parked, reserved, sent, acked, dead, expired, purged, refused,
  (select datetime(min(m.sent_at) / 1000, 'unixepoch')
     from deliveries d join messages m on m.id = d.message_id
    where d.inbox = ledger.inbox and d.state = 'ready') as oldest_ready_utc,
  (select count(*) from waiters w
    where w.inbox = ledger.inbox and w.wants = 'mail' and w.waiting = 1) as waiting_receivers,
  (select count(*) from waiters w
    where w.inbox = ledger.inbox and w.wants in ('room', 'turn') and w.waiting = 1) as waiting_senders
from ledger;

-- A delivery's life in one row, whether it has ended or not.
create view lives as
select
  d.delivery, d.message, d.inbox, d.state, m.sender, m.type, m.topic, d.attempt, d.holder,
  strftime('%Y-%m-%d %H:%M:%f', m.sent_at / 1000.0, 'unixepoch') as sent_utc,
  strftime('%Y-%m-%d %H:%M:%f', d.claimed_at / 1000.0, 'unixepoch') as claimed_utc,  -- the last time
  strftime('%Y-%m-%d %H:%M:%f', d.ended_at / 1000.0, 'unixepoch') as ended_utc,      -- null: it lives
  d.reason
from (
  select id as delivery, message_id as message, inbox, state, attempt, holder, claimed_at, null as ended_at, null as reason
    from deliveries
  union all
  select delivery_id, message_id, inbox, outcome, attempt, holder, claimed_at, ended_at, null from history
  union all
  select delivery_id, message_id, inbox, 'dead', attempt, holder, null, died_at, reason from dead_letters
) d join messages m on m.id = d.message;

-- What took longest from being sent to being acked, the slowest first: how long it lay there, and how long it was held.
create view slowest as
select
  h.delivery_id as delivery, h.message_id as message, h.inbox, h.holder, h.attempt,
  h.ended_at - m.sent_at as total_ms,
  h.claimed_at - m.sent_at as waited_ms,
  h.ended_at - h.claimed_at as worked_ms,
  strftime('%Y-%m-%d %H:%M:%f', m.sent_at / 1000.0, 'unixepoch') as sent_utc
from history h join messages m on m.id = h.message_id
where h.outcome = 'acked'
order by total_ms desc;

-- Who holds how much.
create view working as
select holder, count(*) as leased from deliveries where state = 'leased' and holder is not null group by holder;

-- Which processes wait, and what for.
create view waiting as
select
  w.inbox, w.wants, w.pid,
  case w.waiting when 1 then 'waiting' else 'awake' end as state,
  datetime(w.since / 1000, 'unixepoch') as since_utc,
  l.ready, l.leased
from waiters w left join ledger l on l.inbox = w.inbox;

-- Dead letters with the beginning of what they say, in hexadecimal when it could upset a terminal.
create view dead as
select
  x.delivery_id as delivery, x.message_id as message, x.inbox, m.sender, m.type, x.attempt, x.holder, x.reason,
  strftime('%Y-%m-%d %H:%M:%f', m.sent_at / 1000.0, 'unixepoch') as sent_utc,
  strftime('%Y-%m-%d %H:%M:%f', x.died_at / 1000.0, 'unixepoch') as died_utc,
  case
    when instr(m.body, x'00') > 0 or cast(m.body as text) glob '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || ']*'
    then hex(substr(m.body, 1, 40))
    else substr(cast(m.body as text), 1, 80)
  end as body
from dead_letters x join messages m on m.id = x.message_id;

create view topics as
select
  s.pattern as topic, s.inbox, l.ready, s.skipped,
  datetime(s.created_at / 1000, 'unixepoch') as since_utc
from subscriptions s left join ledger l on l.inbox = s.inbox;
