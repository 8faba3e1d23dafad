import { expect, test } from "bun:test";
import { isSkepError } from "../../src/core/errors.ts";
import { callableUrl, unfitUrl } from "../../src/core/loopback-url.ts";

const near = { remote: false, allowedBy: "export.otlp_allow_remote" };
const far = { ...near, remote: true };

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

test("another machine is called only when that is allowed", () => {
  for (const text of [
    "http://example.org/",
    "http://127.0.0.1.example.org/",
    "http://localhost.example.org/",
    "http://my.localhost/",
    "http://localhost./",
    "http://0.0.0.0/",
    "http://128.0.0.1/",
    "http://10.0.0.7:4318/",
    "http://[::2]/",
    "http://[::ffff:8.8.8.8]/",
    "https://example.org#@127.0.0.1/",
    "https://example.org\\@127.0.0.1/",
  ]) {
    expect([text, unfitUrl(text, near)?.what]).toEqual([text, expect.stringMatching(/^leads to /)]);
    expect([text, unfitUrl(text, far)]).toEqual([text, undefined]);
  }
  expect(unfitUrl("http://example.org/", near)).toEqual({
    what: "leads to example.org, which is another machine",
    hint: "Only 127.0.0.1, [::1] and localhost are called, unless export.otlp_allow_remote says otherwise.",
  });
});

test("what is no URL, has another scheme, or holds a password is never called", () => {
  for (const [text, what] of [
    ["", "is no URL"],
    ["127.0.0.1:4318", "is no URL"],
    ["//127.0.0.1/", "is no URL"],
    ["http://", "is no URL"],
    ["http://127.0.0.1:99999/", "is no URL"],
    ["localhost:4318", "begins with localhost:"],
    ["file:///etc/passwd", "begins with file:"],
    ["ftp://127.0.0.1/", "begins with ftp:"],
    ["http://ada@127.0.0.1/", "has a user or a password in it"],
    ["http://:word@127.0.0.1/", "has a user or a password in it"],
    ["http://127.0.0.1@example.org/", "has a user or a password in it"],
  ] as const)
    expect([text, unfitUrl(text, far)?.what]).toEqual([text, what]);
});

test("the error says nothing of what the URL holds", () => {
  let error: unknown;
  try {
    callableUrl("http://ada:geheim@127.0.0.1/token-4711", near);
  } catch (thrown) {
    error = thrown;
  }
  expect(isSkepError(error, "E_USAGE")).toBe(true);
  expect(String(error)).not.toMatch(/geheim|4711/);
});
