-- What went to several inboxes at once, and how far it has come. The deliveries of a message have the ids from its own on.
create view broadcasts as
select
  message, sender, topic, type, deliveries, ended, acked,
  case when ended = deliveries then max(0, last_at - sent_at) end as total_ms,  -- null: some are not over
  strftime('%Y-%m-%d %H:%M:%f', sent_at / 1000.0, 'unixepoch') as sent_utc,
  sent_at,
  case when ended = deliveries then last_at end as ended_at
from (
  select
    m.id as message, m.sender, m.topic, m.type, m.deliveries, m.sent_at,
    (select count(*) from history h where h.delivery_id between m.id and m.id + m.deliveries - 1)
      + (select count(*) from dead_letters l where l.delivery_id between m.id and m.id + m.deliveries - 1) as ended,
    (select count(*) from history h
      where h.delivery_id between m.id and m.id + m.deliveries - 1 and h.outcome = 'acked') as acked,
    max(
      coalesce((select max(h.ended_at) from history h where h.delivery_id between m.id and m.id + m.deliveries - 1), 0),
      coalesce((select max(l.died_at) from dead_letters l where l.delivery_id between m.id and m.id + m.deliveries - 1), 0)
    ) as last_at
  from messages m where m.deliveries > 1
);

-- As before, and among how many deliveries of its message each is one.
drop view times;
create view times as
select
  h.delivery, h.message, m.deliveries, h.inbox, h.outcome, h.attempt, h.holder, m.sender, m.type, m.topic,
  m.sent_at, h.claimed_at, h.ended_at
from (
  select delivery_id as delivery, message_id as message, inbox, outcome, attempt, holder, claimed_at, ended_at
    from history
  union all
  select delivery_id, message_id, inbox, 'dead', attempt, holder, null, died_at from dead_letters
) h join messages m on m.id = h.message;
