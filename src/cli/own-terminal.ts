// The terminal that a person sits at, handed over whole: each key goes elsewhere, and what comes from there is painted.
import { spawnSync } from "node:child_process";
import type { WindowSize } from "../agents/terminal.ts";
import { SkepError } from "../core/errors.ts";

export interface OwnTerminal {
  size(): WindowSize;
  onResize(hear: () => void): void;
  /** Has `hear` get every key from now on as it is pressed, Ctrl-C too; undefined when there will be no more. */
  takeKeys(hear: (bytes: Uint8Array | undefined) => void): void;
  /** Paints `bytes`: resolves when there is room for more. */
  paint(bytes: Uint8Array | string): Promise<void>;
  /** Gives the keys back. */
  giveBack(): void;
}

/** The terminal of this process, which `what` wants. E_USAGE, with `hint`, when it has none. */
export function ownTerminal(what: string, hint: string): OwnTerminal {
  const { stdin, stdout } = process;
  if (!stdin.isTTY || !stdout.isTTY)
    throw new SkepError("E_USAGE", `${what} wants a terminal, and there is none`, { hint });
  const giveBack = () => void stdin.setRawMode(false);
  // Of one that is gone nobody needs to hear.
  for (const stream of [stdin, stdout]) stream.on("error", () => {});
  return {
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
    onResize: (hear) => void stdout.on("resize", hear),
    takeKeys(hear) {
      stdin.setRawMode(true);
      // That leaves a line end as two characters, and the programs that paint count on one. Giving it back undoes both.
      spawnSync("stty", ["-opost"], { stdio: ["inherit", "ignore", "ignore"] });
      // Whatever ends this process, the shell gets a terminal that it can use.
      process.once("exit", giveBack);
      stdin.on("data", hear);
      stdin.once("end", () => hear(undefined));
    },
    paint: (bytes) => new Promise((resolve) => stdout.write(bytes, () => resolve())),
    giveBack,
  };
}

/** Where in `bytes` Ctrl-] was pressed; undefined when it was not. Programs can ask a terminal to send it in other ways. */
export function detachKeyAt(bytes: Uint8Array): number | undefined {
  return detachKey.exec(Buffer.from(bytes).toString("latin1"))?.index;
}

// As a control character; as a number with its modifiers, which count Caps Lock and Num Lock.
// oxlint-disable-next-line no-control-regex
const detachKey = /\u001d|\u001b\[93;(?:5|69|133|197)(?::1)?u|\u001b\[27;5;93~/;
