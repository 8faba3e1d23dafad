-- Losses: messages that were accepted and are gone, after a power cut or with a damaged log.

create table losses (
  last integer primary key,  -- the numbers that the missing deliveries had, from here
  first integer not null,    -- back to here; no number is given out a second time
  noticed_at integer not null,
  cause text not null check (cause in ('reboot', 'accepted'))  -- a power cut may take them; or somebody went on without
) strict;

-- Which messages are missing, the newest loss first.
create view lost as
select
  first, last, last - first + 1 as deliveries, cause, datetime(noticed_at / 1000, 'unixepoch') as noticed_utc
from losses
order by last desc;
