import { expect, test } from "bun:test";
import { waitUntil } from "../../helpers/wait-until.ts";
import { look } from "../../end-to-end/look.ts";
import { places } from "../../end-to-end/place.ts";
import { received, sums } from "../../end-to-end/verbs.ts";

const place = places();

test("it opens the bus and says how much came back; again it has nothing to do", async () => {
  const { skep } = place();
  await received(skep, 2);
  await skep(["drain", "--timeout", "0s"]);
  expect(await sums(skep)).toMatchObject({ a1: { parked: 2, ready: 0 } });
  expect(await skep(["resume"])).toEqual({
    status: 0,
    stdout: "the bus is open: 2 deliveries brought back\n",
    stderr: "",
  });
  expect(await sums(skep)).toMatchObject({ a1: { parked: 0, ready: 2 } });
  expect((await skep(["send", "a1", "x"])).status).toBe(0);
  expect(await skep(["resume"])).toEqual({
    status: 0,
    stdout: "the bus was not draining: nothing to do\n",
    stderr: "",
  });
});

test("programs read it as one line", async () => {
  const { skep } = place();
  await skep(["send", "a1", "x"]);
  expect((await skep(["resume", "--json"])).stdout).toBe('{"resumed":0,"already":true}\n');
  await skep(["drain"]);
  expect((await skep(["resume", "--json"])).stdout).toBe('{"resumed":1,"already":false}\n');
});

test("before the deadline it ends the drain, and its drainer exits 8 and says why", async () => {
  const { skep, start, home } = place();
  const [receipt] = await received(skep, 1);
  const drainer = start(["drain", "--timeout", "1h"]);
  await waitUntil("the drain is on", () => look(home, "select 1 from drains").length > 0);
  expect((await skep(["resume", "--json"])).stdout).toBe('{"resumed":0,"already":false}\n');
  const { status, stderr } = await drainer.ended;
  expect(status).toBe(8);
  expect(stderr).toContain("the drain was ended by skep resume before it was through");
  expect((await skep(["ack", receipt!])).status).toBe(0);
});
