import { expect, test } from "bun:test";
import { inspect } from "node:util";
import { secret } from "../../src/core/secret.ts";

test("a secret shows itself to whoever asks for it, and to nobody else", () => {
  const key = secret("hunter2");
  expect(key.reveal()).toBe("hunter2");
  const told = [
    `${key}`,
    String(key),
    "" + key,
    JSON.stringify({ key, list: [key] }),
    inspect({ key, deep: { key } }),
    Bun.inspect({ key }),
    new Error(`no ${key}`).message,
    JSON.stringify(Object.entries(key)),
  ];
  for (const text of told) expect(text).not.toContain("hunter2");
  expect(told[3]).toBe('{"key":"(secret)","list":["(secret)"]}');
});

test("a console does not show it either", () => {
  const module = JSON.stringify(`${import.meta.dir}/../../src/core/secret.ts`);
  const script = `import { secret } from ${module}; const key = secret("hunter2"); console.log(key, { key }); console.error([key], "%s", key)`;
  const { stdout, stderr, exitCode } = Bun.spawnSync([process.execPath, "-e", script]);
  expect(exitCode).toBe(0);
  expect(`${stdout}${stderr}`).toContain("(secret)");
  expect(`${stdout}${stderr}`).not.toContain("hunter2");
});
