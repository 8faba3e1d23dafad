// Every step that a delivery makes from one state to another, written down by the database itself.
import type { Store } from "../../src/store/store.ts";

export interface Steps {
  /** The steps since the beginning, or since `forget`, each once: `ready > leased`; `-` is where a delivery comes from. */
  seen(): Promise<string[]>;
  forget(): Promise<void>;
}

const note = (state: string) => `
  insert or ignore into steps
    select coalesce((select state from stands where id = new.id_), '-') || ' > ' || ${state};
  insert or replace into stands values (new.id_, ${state});`;

/** Has the steps of all deliveries in `store` recorded from now on. */
export async function recordSteps(store: Store): Promise<Steps> {
  const run = (...statements: string[]) =>
    store.write(async (tx) => {
      for (const sql of statements) await tx.run(sql);
    });
  const trigger = (name: string, event: string, id: string, state: string) =>
    `create trigger ${name} after ${event} begin ${note(state).replaceAll("new.id_", `new.${id}`)} end`;
  await run(
    "create table steps (step text primary key)",
    "create table stands (id integer primary key, state text)",
    trigger("comes", "insert on deliveries", "id", "new.state"),
    trigger(
      "goes_on",
      "update of state on deliveries when old.state != new.state",
      "id",
      "new.state",
    ),
    trigger(
      "moves",
      "update of inbox on deliveries when old.inbox != new.inbox",
      "id",
      "new.state",
    ),
    trigger("ends", "insert on history", "delivery_id", "new.outcome"),
    trigger("dies", "insert on dead_letters", "delivery_id", "'dead'"),
  );
  return {
    seen: async () =>
      (
        await store.read((tx) => tx.all<{ step: string }>("select step from steps order by step"))
      ).map(({ step }) => step),
    forget: () => run("delete from steps"),
  };
}
