import { expect, test } from "bun:test";
import { isLoopback, isLoopbackAddress } from "../../src/core/loopback.ts";

const hostOf = (address: string) => new URL(address).hostname;

test("what can only be this machine is, however it is written", () => {
  const own = ["127.0.0.1", "127.9.8.7", "127.1", "0x7f.1", "2130706433", "localhost", "LocalHost"];
  for (const host of [...own, "a.localhost", "[::1]", "[0:0::1]", "[::ffff:127.0.0.1]"])
    expect([host, isLoopback(hostOf(`http://${host}:80/`))]).toEqual([host, true]);
});

test("nothing else is, whatever it looks like", () => {
  const others = ["example.com", "localhost.example.com", "127.0.0.1.example.com", "10.0.0.1"];
  const near = ["0.0.0.0", "128.0.0.1", "[::]", "[::2]", "[fe80::1]", "[::ffff:10.0.0.1]"];
  for (const host of [...others, ...near, "notlocalhost", "127.example"])
    expect([host, isLoopback(hostOf(`http://${host}:80/`))]).toEqual([host, false]);
});

test("what a resolver answers is judged as an address and not as a name", () => {
  for (const address of ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
    expect([address, isLoopbackAddress(address)]).toEqual([address, true]);
  for (const address of ["localhost", "10.0.0.1", "::", "127.0.0.1.example.com"])
    expect([address, isLoopbackAddress(address)]).toEqual([address, false]);
});
