-- When each delivery that has ended was sent, claimed and ended, in numbers, for whoever reckons with them.
create view times as
select
  h.delivery, h.message, h.inbox, h.outcome, h.attempt, h.holder, m.sender, m.type, m.topic,
  m.sent_at, h.claimed_at, h.ended_at
from (
  select delivery_id as delivery, message_id as message, inbox, outcome, attempt, holder, claimed_at, ended_at
    from history
  union all
  select delivery_id, message_id, inbox, 'dead', attempt, holder, null, died_at from dead_letters
) h join messages m on m.id = h.message;
