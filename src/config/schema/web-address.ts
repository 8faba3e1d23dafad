// Addresses of web servers, and the hosts that they may name.
import * as v from "valibot";
import { editors } from "./values.ts";

const lengthMax = 2_000;

// What is wrong is told without the address: it may have a password in it, or a token.
const wrong =
  "is no address of a web server\nWrite http:// or https://, a host and a path: http://127.0.0.1:9000/alerts";

/** An http or https address, or none. */
export function webAddress() {
  return v.pipe(
    v.string(wrong),
    v.check((text) => text === "none" || isWebAddress(text), wrong),
    editors({ type: "string" }),
  );
}

/** A list of hosts as addresses name them: without scheme, port and path. */
export function hostNames() {
  const message = 'must be a list of host names\nWrite names alone: ["hooks.example.com"]';
  return v.array(
    v.pipe(
      v.string(message),
      v.check((host) => hostOf(host) === host, message),
    ),
    message,
  );
}

/** The host of a web address, in lower case. */
export function hostOfAddress(address: string): string {
  return new URL(address).hostname;
}

function isWebAddress(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && text.length <= lengthMax;
}

function hostOf(host: string): string | undefined {
  return URL.parse(`http://${host}/`)?.hostname;
}
