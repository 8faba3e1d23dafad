import { expect, setDefaultTimeout, test } from "bun:test";
import { newSkep } from "../../helpers/skep.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

/** A home where a1 has two messages that are ready and one that is held. */
async function filled() {
  const skep = newSkep();
  for (const body of ["held", "one", "two"]) await skep(["send", "a1", body]);
  await skep(["recv", "a1"]);
  return skep;
}

test("purge --yes ends what waits and counts it, whatever somebody holds stays", async () => {
  const skep = await filled();
  expect(await skep(["purge", "a1", "--yes", "--as", "mum"])).toEqual({
    status: 0,
    stdout: '{"inbox":"a1","purged":2,"ready":2,"delayed":0,"parked":0,"dead":0}\n',
    stderr: "",
  });
  expect((await skep(["inboxes"])).stdout).toMatch(/^a1 +0 +0 +1 /m);
  expect((await skep(["trace", "2"])).stdout).toContain("purged by mum");
});

test("where nobody can be asked it takes --yes, and nothing is purged without", async () => {
  const skep = await filled();
  const { status, stdout, stderr } = await skep(["purge", "a1"], "y\n");
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toBe(
    "skep: nobody is there to ask: end 2 deliveries of a1 for good?\n  Write --yes if you are sure.\n",
  );
  expect((await skep(["inboxes"])).stdout).toMatch(/^a1 +2 /m);
});

test("only what is older is purged, and nothing needs no asking", async () => {
  const skep = await filled();
  const { status, stdout } = await skep(["purge", "a1", "--older-than", "1h"]);
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ inbox: "a1", purged: 0 });
});

test("dead letters go with --dead", async () => {
  const skep = newSkep();
  await skep(["send", "a1", "x"]);
  const { receipt } = JSON.parse((await skep(["recv", "a1"])).stdout);
  await skep(["nack", receipt], "", { SKEP_BUS_MAX_ATTEMPTS: "1" });
  expect(JSON.parse((await skep(["purge", "a1", "--yes"])).stdout)).toMatchObject({ dead: 0 });
  const { stdout } = await skep(["purge", "a1", "--yes", "--dead"]);
  expect(JSON.parse(stdout)).toMatchObject({ purged: 1, dead: 1 });
});

test("an inbox that is not there exits 3 with the one that was meant", async () => {
  const skep = await filled();
  const { status, stderr } = await skep(["purge", "a2", "--yes", "--json"]);
  expect(status).toBe(3);
  expect(JSON.parse(stderr).error).toMatchObject({ hint: "Did you mean a1?" });
});
