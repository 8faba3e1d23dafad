-- Notices: how telling people of alerts goes, by channel. What is published on the topic is not counted here.
-- Times are milliseconds since 1970.

create table notices (
  channel text primary key,  -- 'command', 'desktop' or 'webhook'
  sent integer not null default 0,
  failed integer not null default 0,
  dropped integer not null default 0,  -- found too many before them, or the end of skep
  sent_at integer,           -- the last one
  missed_at integer,         -- the last that failed or was dropped
  error text                 -- and why
) strict;
