import { expect, test } from "bun:test";
import { isSkepError } from "../../src/core/errors.ts";
import { callableUrl, unfitUrl } from "../../src/core/loopback-url.ts";

const near = { hosts: [], what: "metrics", allowedBy: "export.otlp_hosts" };

test("this machine is called by its addresses and as localhost, however they are written", () => {
  for (const text of [
    "http://127.0.0.1:4318/v1/metrics",
    "https://127.255.255.254/",
    "http://127.1:80/",
    "http://0x7f000001/",
    "http://2130706433/",
    "http://[::1]:9000/hook?x=1",
    "http://[0:0:0:0:0:0:0:1]/",
    "HTTP://LOCALHOST:8080",
  ])
    expect([text, callableUrl(text, near).href]).toEqual([text, new URL(text).href]);
});

test("another machine is called only when its host is named", () => {
  for (const [text, host] of [
    ["http://example.org/", "example.org"],
    ["http://127.0.0.1.example.org/", "127.0.0.1.example.org"],
    ["http://localhost.example.org/", "localhost.example.org"],
    ["http://0.0.0.0/", "0.0.0.0"],
    ["http://128.0.0.1/", "128.0.0.1"],
    ["http://10.0.0.7:4318/", "10.0.0.7"],
    ["http://[::2]/", "[::2]"],
    ["http://[::ffff:8.8.8.8]/", "[::ffff:808:808]"],
    ["https://example.org#@127.0.0.1/", "example.org"],
    ["https://example.org\\@127.0.0.1/", "example.org"],
    ["http://127.0.0.1@example.org/", "example.org"],
  ] as const) {
    expect([text, unfitUrl(text, near)]).toEqual([
      text,
      {
        what: `names the host ${host}, which is not this machine`,
        hint: `If metrics may go there: export.otlp_hosts = ["${host}"]`,
      },
    ]);
    expect([text, unfitUrl(text, { ...near, hosts: [host] })]).toEqual([text, undefined]);
  }
});

test("what is no URL, or has another scheme, is never called, and is not repeated", () => {
  for (const text of [
    "",
    "127.0.0.1:4318",
    "//127.0.0.1/hidden",
    "http://",
    "http://127.0.0.1:99999/hidden",
    "localhost:4318",
    "file:///etc/hidden",
    "ftp://me:hidden@127.0.0.1/",
  ]) {
    let error: unknown;
    try {
      callableUrl(text, near);
    } catch (thrown) {
      error = thrown;
    }
    expect([text, isSkepError(error, "E_USAGE")]).toEqual([text, true]);
    expect(String(error)).not.toContain("hidden");
  }
});
