import { expect, test } from "bun:test";
import { ask } from "../../src/doctor/ask.ts";

const env = { PATH: "/usr/bin:/bin" };

test("what a program writes is its answer, and one that takes too long is killed", async () => {
  expect(await ask(["echo", "yes"], env, 200_000)).toBe("yes\n");
  expect(await ask(["sh", "-c", "echo begun; exec sleep 1000"], env, 500)).toMatch(/^(begun\n)?$/);
  await expect(ask(["no-such-program"], env, 500)).rejects.toMatchObject({ code: "E_FAILED" });
});
