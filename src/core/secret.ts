// Text that nobody gets to see by accident: wherever it is printed, joined to other text or made JSON of, it is (secret).

export interface Secret {
  /** The text itself, for whoever is to have it. */
  reveal(): string;
  toString(): string;
  toJSON(): string;
}

const shown = "(secret)";

/** `text` as a secret. */
export function secret(text: string): Secret {
  const hidden = {
    reveal: () => text,
    toString: () => shown,
    toJSON: () => shown,
    // What the consoles of all runtimes ask for.
    [Symbol.for("nodejs.util.inspect.custom")]: () => shown,
  };
  return Object.freeze(hidden);
}
