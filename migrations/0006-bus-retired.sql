-- Retired inboxes: those that agents of a swarm worked on, and that none does any more.

-- Since when that is so; null: somebody may work on it. As long as the address book is closed it takes nothing but answers.
alter table ledger add column retired_at integer;
