-- Routes: to whom the agents of a swarm may write, and what their addresses mean.

-- That `address` means `inbox` when `sender` writes to it; an address like @workers means several. Whoever has a row here
-- is bound to its rows, and whoever has none writes to anybody. Its key begins with the sender, so that a send finds out
-- with one step down the tree.
create table routes (
  sender text not null,
  address text not null,
  inbox text not null,
  primary key (sender, address, inbox)
) strict, without rowid;
