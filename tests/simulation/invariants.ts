// What has to hold after every step, whatever the model says: seen in the rows alone.
import assert from "node:assert/strict";
import { type Kinds, kindNames, linesOf } from "./model/lines.ts";
import type { World } from "./world.ts";

/** Holds the rows of one world to what must be, step by step. */
export interface Watch {
  /** Throws when the rows are not what the model says, or what no bus may have come to since the last look. */
  look(overfills?: boolean): void;
}

/** How one delivery stood: the columns that no step may change at will. */
interface Stand {
  line: string;
  state: string;
  attempt: number;
  epoch: number;
  receipt: string;
}

/** From which state what may come, docs/states.md; the same state twice is left out. Several steps may be one here, for a claim sweeps first. */
const ways: Readonly<Record<string, readonly string[]>> = {
  ready: ["leased", "parked"],
  delayed: ["ready", "leased", "parked"],
  leased: ["ready", "delayed", "parked"],
  parked: ["ready", "delayed"],
};

export function watch({ database, model }: World): Watch {
  let last = new Map<number, Stand>();
  let lastText = "";
  let taken = new Map<string, number>();
  /** Who has which receipt of the latest claim: each is given out once. */
  const givenOut = new Map<string, string>();
  const acked = new Set<string>();
  let newest = 0;

  function lookAtDeliveries(text: string): void {
    if (text === lastText) return;
    lastText = text;
    const now = new Map<number, Stand>();
    for (const line of linesIn(text)) {
      const cells = line.split(" ");
      const id = Number(cells[0]);
      const before = last.get(id);
      if (before?.line === line) {
        now.set(id, before);
        continue;
      }
      const [state, receipt] = [cells[3]!, cells[10]!];
      const stand = { line, state, attempt: Number(cells[8]), epoch: Number(cells[9]), receipt };
      now.set(id, stand);
      lookAtOne(id, before, stand, cells[11]!);
    }
    last = now;
  }

  function lookAtOne(id: number, before: Stand | undefined, stand: Stand, holder: string): void {
    const { state, epoch, receipt } = stand;
    assert.ok(!acked.has(String(id)), `${id} is back after it was acked`);
    if (state === "leased" && before?.epoch !== epoch) {
      assert.ok(!givenOut.has(receipt), `the receipt ${receipt} was given out before`);
      givenOut.set(receipt, holder);
    }
    if (before === undefined) return;
    assert.ok(epoch >= before.epoch, `the epoch of ${id} went back`);
    if (state === "leased" && before.state === "leased" && epoch === before.epoch)
      assert.equal(receipt, before.receipt, `${id} has another holder by the same claim`);
    if (state === "leased" && before.state !== "leased")
      assert.ok(epoch > before.epoch, `${id} was claimed again and has the epoch of before`);
    if (state !== before.state)
      assert.ok(ways[before.state]!.includes(state), `${id} went from ${before.state} to ${state}`);
  }

  function lookAtLedger(text: string, overfills: boolean): void {
    const now = new Map<string, number>();
    for (const line of linesIn(text)) {
      const cells = line.split(" ");
      const [name, temporary, , cap] = cells;
      const [ready, delayed, leased, parked, reserved] = cells.slice(7, 12).map(Number);
      const [sent, movedIn, ...ended] = cells.slice(13, 20).map(Number);
      const lies = ready! + delayed! + leased! + parked!;
      const sum = ended.reduce((all, one) => all + one, lies);
      assert.equal(sent! + movedIn!, sum, `the account of ${name} does not add up`);
      const places = ready! + delayed! + leased! + reserved!;
      now.set(name!, places);
      const most = Math.max(
        taken.get(name!) ?? 0,
        cap === "-" ? model.settings.inboxCap : Number(cap),
      );
      // What was moved, brought back or tried again is taken however full it is.
      assert.ok(overfills || places <= most, `${places} lie in ${name}, and ${most} may`);
      if (name!.startsWith("request-"))
        assert.equal(temporary, "1", `the inbox ${name} of a request is there for good`);
    }
    taken = now;
  }

  function lookAtMessages(text: string, history: string): void {
    const ids = linesIn(text).map((line) => Number.parseInt(line, 10));
    const latest = ids.at(-1)!;
    assert.ok(latest >= newest, `the newest message was ${newest}, and now it is ${latest}`);
    newest = latest;
    for (const line of linesIn(history)) {
      const [id, , outcome] = line.split(" ");
      if (outcome === "acked") acked.add(id!);
    }
  }

  return {
    look(overfills = false) {
      const rows = database.lines();
      const wanted = linesOf(model);
      for (const kind of kindNames)
        if (rows[kind] !== wanted[kind]) assert.fail(difference(kind, rows, wanted));
      lookAtDeliveries(rows.deliveries);
      lookAtLedger(rows.ledger, overfills);
      lookAtMessages(rows.messages, rows.history);
    },
  };
}

/** Throws unless nothing is left of what all came to its end long ago: no body, no key, no slot, no byte. */
export function lookAtTheEnd({ database }: World): void {
  const { messages, ledger, deliveries, history, dead, attempts, keys } = database.lines();
  assert.equal(deliveries + history + dead + attempts + keys, "", "all of it is forgotten");
  assert.equal(linesIn(messages).length, 1, "only the newest message is kept");
  for (const line of linesIn(ledger)) {
    const cells = line.split(" ");
    assert.equal(cells[1], "0", `the temporary inbox ${cells[0]} is still there`);
    assert.deepEqual(
      cells.slice(7, 13),
      ["0", "0", "0", "0", "0", "0"],
      `nothing is in ${cells[0]}`,
    );
  }
}

function difference(kind: string, rows: Kinds, wanted: Kinds): string {
  const [are, should] = [rows, wanted].map((all) => linesIn(all[kind as keyof Kinds]));
  const strange = are!.filter((line) => !should!.includes(line)).map((line) => `  is:     ${line}`);
  const missing = should!.filter((line) => !are!.includes(line)).map((line) => `  should: ${line}`);
  return [`${kind} are not what they should be`, ...strange, ...missing].join("\n");
}

function linesIn(text: string): string[] {
  return text === "" ? [] : text.split("\n");
}
