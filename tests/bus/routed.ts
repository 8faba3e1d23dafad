// Routes for tests: a little team, and what its members write.
import type { Bus } from "../../src/bus/bus.ts";
import { type Route, setRoutes } from "../../src/bus/routes.ts";

type Books = Record<string, Record<string, readonly string[]>>;

/** The routes that these address books come to: by sender, what each address means. */
export function routes(books: Books): Route[] {
  return Object.entries(books).flatMap(([sender, book]) =>
    Object.entries(book).flatMap(([address, inboxes]) =>
      inboxes.map((inbox) => ({ sender, address, inbox })),
    ),
  );
}

/** A coordinator c1 with the workers w1, w2 and w3. */
export const team: Books = {
  c1: {
    c1: ["c1"],
    w1: ["w1"],
    w2: ["w2"],
    w3: ["w3"],
    "@workers": ["w1", "w2", "w3"],
    "@team:c1": ["w1", "w2", "w3"],
  },
  ...Object.fromEntries(
    ["w1", "w2", "w3"].map((name) => [
      name,
      { [name]: [name], c1: ["c1"], "@coordinator": ["c1"], "@team:c1": ["c1"] },
    ]),
  ),
};

/** The same bus, once these routes are set. */
export async function routeAll<B extends Pick<Bus, "store">>(
  bus: B,
  books: Books = team,
): Promise<B> {
  await bus.store.write((tx) => setRoutes(tx, routes(books)));
  return bus;
}
