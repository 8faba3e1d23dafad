// Members of swarms for tests, and what their routes say.
import type { Route } from "../../src/agents/address-book.ts";
import type { Member } from "../../src/agents/teams.ts";

/** `count` workers of one group, w-1 and so on. */
export function workers(count: number, more: Partial<Member> = {}): Member[] {
  return group("w", count, { role: "worker", ...more });
}

/** `count` coordinators of one group, c-1 and so on. */
export function coordinators(count: number, more: Partial<Member> = {}): Member[] {
  return group("c", count, { role: "coordinator", ...more });
}

/** The coordinator `name`, with an inbox of its own. */
export function lead(name: string): { name: string; inbox: string } {
  return { name, inbox: name };
}

/** `count` members of the group `name`. */
export function group(
  name: string,
  count: number,
  more: Partial<Member> & Pick<Member, "role">,
): Member[] {
  return Array.from({ length: count }, (_, n) => {
    const own = `${name}-${n + 1}`;
    return { name: own, group: name, inbox: own, ...more };
  });
}

/** What each address of `sender` means. */
export function addresses(routes: readonly Route[], sender: string): Record<string, string[]> {
  const book: Record<string, string[]> = {};
  for (const route of routes)
    if (route.sender === sender) (book[route.address] ??= []).push(route.inbox);
  return book;
}
