// The modes that a program has put its terminal into: whoever comes later needs them, and whoever leaves has to undo them.

export interface TerminalModes {
  /** Hears what the program prints. */
  hear(chunk: Uint8Array): void;
  /** Whether it has a screen of its own, over the one where lines follow each other. */
  readonly fullScreen: boolean;
  /** What puts another terminal into the same modes; empty mostly. */
  enter(): string;
  /** What puts a terminal back into the modes that a shell expects. */
  undo(): string;
}

// What the modes are called that count here, and whether they are on when nobody has said anything: keys of the cursor,
// the end of a line, the cursor itself, the screen, the mouse, focus, what is pasted, frames.
const usual: Readonly<Record<string, boolean>> = {
  1: false,
  7: true,
  25: true,
  47: false,
  1000: false,
  1002: false,
  1003: false,
  1004: false,
  1006: false,
  1015: false,
  1047: false,
  1049: false,
  2004: false,
  2026: false,
};

const screens = ["47", "1047", "1049"];

// Keys that come as numbers are asked for in other ways; to undo that is harmless where nobody did.
const plainKeys = "\u001b[<u\u001b[>4m\u001b>";
const plainText = "\u001b[m";

// oxlint-disable-next-line no-control-regex
const changes = /\u001b(?:c|\[\?([\d;]+)([hl]))/g;
// oxlint-disable-next-line no-control-regex
const begun = /\u001b(?:\[(?:\?[\d;]{0,60})?)?$/;

/** The modes of a terminal that nothing was printed on yet. */
export function terminalModes(): TerminalModes {
  let strange = new Map<string, boolean>();
  let rest = "";
  const change = (modes: string, on: boolean) => {
    for (const mode of modes.split(";")) {
      if (usual[mode] === undefined) continue;
      if (usual[mode] === on) strange.delete(mode);
      else strange.set(mode, on);
    }
  };
  const sequences = (changed: (on: boolean) => boolean) =>
    [...strange].map(([mode, on]) => `\u001b[?${mode}${changed(on) ? "h" : "l"}`).join("");
  return {
    hear(chunk) {
      const text = rest + Buffer.from(chunk).toString("latin1");
      for (const [, modes, end] of text.matchAll(changes)) {
        if (modes === undefined) strange = new Map();
        else change(modes, end === "h");
      }
      // It may go on in the next piece.
      rest = begun.exec(text)?.[0] ?? "";
    },
    get fullScreen() {
      return screens.some((mode) => strange.has(mode));
    },
    enter: () => sequences((on) => on),
    undo: () => sequences((on) => !on) + plainKeys + plainText,
  };
}
