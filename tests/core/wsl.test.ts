import { expect, test } from "bun:test";
import { isWsl } from "../../src/core/wsl.ts";

test("a kernel that Microsoft built is WSL's, others are not", () => {
  expect(isWsl("Linux version 5.15.90.1-microsoft-standard-WSL2 (oe-user@oe-host)")).toBe(true);
  expect(isWsl("Linux version 4.4.0-19041-Microsoft (Microsoft@Microsoft.com)")).toBe(true);
  expect(isWsl("Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org)")).toBe(false);
  expect(isWsl("")).toBe(false);
});
