// The oldest ready delivery of an inbox, as SQL.

const priorities = "[0,1,2,3,4,5,6,7,8,9]";

/**
 * An expression for the id of the oldest ready delivery of the row of the ledger that is called `ledger`; null when none is ready. The
 * index has the oldest of each priority at its beginning, so that a full inbox costs no more than one with little in it.
 */
export function oldestReady(ledger: string): string {
  return `case when ${ledger}.ready > 0 then
      (select min((select min(d.id) from deliveries d
                    where d.inbox = ${ledger}.inbox and d.state = 'ready' and d.priority = p.value))
         from json_each('${priorities}') p) end`;
}
