import type { LookupAddress, lookup } from "node:dns";
import { expect, test } from "bun:test";
import { lookUpHere } from "../../src/core/look-up-here.ts";

/** What a resolver with these answers lets whoever asks for all of them, or for one, connect to. */
function found(answers: string[] | Error, all: boolean): Promise<unknown> {
  const look = (_host: string, _options: object, done: (...found: unknown[]) => void) => {
    if (answers instanceof Error) return done(answers);
    const addresses = answers.map((address) => ({
      address,
      family: address.includes(":") ? 6 : 4,
    }));
    return done(null, addresses satisfies LookupAddress[]);
  };
  return new Promise((resolve) =>
    lookUpHere(look as typeof lookup)("localhost", { all }, (error, address) =>
      resolve(error === null ? address : error.message),
    ),
  );
}

test("what leads to this machine is found", async () => {
  expect(await found(["127.0.0.1"], false)).toBe("127.0.0.1");
  expect(await found(["::1", "127.0.0.2"], true)).toEqual([
    { address: "::1", family: 6 },
    { address: "127.0.0.2", family: 4 },
  ]);
});

test("what leads elsewhere with one of its addresses is not, and neither is what is not there", async () => {
  for (const all of [true, false]) {
    expect(await found(["127.0.0.1", "192.0.2.1"], all)).toBe(
      "leads to 192.0.2.1, which is not this machine",
    );
    expect(await found(new Error("nobody"), all)).toBe("nobody");
  }
});
