import { expect, test } from "bun:test";
import { limitOf, memoryAvailable, readMachine } from "../../src/core/machine.ts";

test("the memory that is available is read in bytes, where the system says it", () => {
  expect(memoryAvailable("MemTotal: 9 kB\nMemAvailable:   2048 kB\n")).toBe(2_097_152);
  expect(memoryAvailable("")).toBeGreaterThan(0);
});

test("a limit is the soft one", () => {
  const limits = `Limit                     Soft Limit           Hard Limit           Units
Max processes             96365                unlimited            processes
Max open files            1024                 20000                files
Max locked memory         unlimited            unlimited            bytes
`;
  expect(limitOf(limits, "Max open files")).toBe(1_024);
  expect(limitOf(limits, "Max processes")).toBe(96_365);
  expect(limitOf(limits, "Max locked memory")).toBe(Infinity);
  expect(limitOf("", "Max open files")).toBe(Infinity);
});

test("this machine has something of everything", () => {
  const machine = readMachine();
  for (const amount of Object.values(machine)) expect(amount).toBeGreaterThan(0);
  expect(machine.cores).toBeInteger();
});

test("a shell that may open fewer files has a machine with fewer", () => {
  const script = `import { readMachine } from ${JSON.stringify(`${import.meta.dir}/../../src/core/machine.ts`)}; console.log(readMachine().filesMax)`;
  const { stdout } = Bun.spawnSync([
    "sh",
    "-c",
    'ulimit -n 123 && exec "$0" -e "$1"',
    process.execPath,
    script,
  ]);
  expect(`${stdout}`.trim()).toBe("123");
});
