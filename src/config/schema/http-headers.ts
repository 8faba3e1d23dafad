// Headers of a request as people write them.
import * as v from "valibot";

// What is wrong is told without the header: what it says is most often a password or a token.
const wrong = 'is no list of headers\nWrite each as a name and what it says: ["x-api-key: 4711"]';

/** A list of headers, each a name, a colon and what it says. */
export function httpHeaders() {
  return v.array(
    v.pipe(
      v.string(wrong),
      v.check((header) => isHeader(header), wrong),
    ),
    wrong,
  );
}

/** `headers` by their names. */
export function headersOf(headers: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    headers.map((header) => {
      const at = header.indexOf(":");
      return [header.slice(0, at).toLowerCase(), header.slice(at + 1).trim()];
    }),
  );
}

// What a request is made of is not for anybody to say.
const own = /^(?:host|connection|content-length|content-type|transfer-encoding)$/i;

function isHeader(header: string): boolean {
  const [, name] = /^([A-Za-z0-9!#$%&'*+.^_`|~-]+):[\t\x20-\x7e\x80-\xff]*$/.exec(header) ?? [];
  return name !== undefined && !own.test(name) && header.length <= 8_000;
}
