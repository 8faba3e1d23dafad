// `skep limits`: how much inboxes hold, how fast they take, and how fast somebody sends.
import { findHold } from "../../agents/hold.ts";
import { type Limits, listLimits, showLimits } from "../../bus/limits.ts";
import { formatRate } from "../../bus/rate.ts";
import {
  type LimitChange,
  clearInboxLimits,
  clearSenderLimits,
  setInboxLimits,
  setSenderLimits,
} from "../../bus/set-limits.ts";
import { formatDuration } from "../../core/durations.ts";
import { SkepError } from "../../core/errors.ts";
import { parsePerSecond } from "../../core/rates.ts";
import { columns } from "../columns.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { governorText } from "../governor.ts";
import { open } from "../open.ts";

export default defineCommand({
  name: "limits",
  summary: "show, set and clear how much an inbox takes and how fast",
  notes: [
    "Without a limit of its own an inbox holds bus.inbox_cap deliveries and bus.inbox_bytes bytes, and takes",
    "them as fast as they come. By --rate 10/s (or 10/m, 10/h) a message comes in every 100 ms, and --burst of",
    "them at once all the same (default: a second's worth, 1 at least). Whoever is too fast waits as for room,",
    "or gets E_RATE with when to try again. Answers to requests are never too fast.",
    "TOKENS are how many may come at once just now, HELD what lies in the inbox or is reserved for answers, WAITING",
    "the processes that wait to get something in, OLDEST how long its oldest ready message has been there, and",
    "REFUSED what was refused: by an inbox ever, of a sender since its limit was set.",
    "While the machine has too much to do the swarm that runs is held back (governor.mode); a last line says so then.",
  ],
  args: {
    verb: {
      type: "positional",
      required: false,
      options: ["show", "set", "clear"],
      description: "what to do (show when left out)",
    },
    name: { type: "positional", required: false, description: "an inbox, or who sends" },
    cap: { type: "string", valueHint: "N", description: "how many deliveries the inbox holds" },
    bytes: { type: "string", valueHint: "N", description: "how many bytes of bodies it holds" },
    rate: {
      type: "string",
      valueHint: "N/s|N/m|N/h",
      description: "how many messages in that time",
    },
    burst: { type: "string", valueHint: "N", description: "how many of them at once" },
    all: {
      type: "boolean",
      description: "show each inbox, also those without limits of their own",
    },
    sends: { type: "boolean", description: "limit what NAME sends, and not its inbox" },
  },
  examples: [
    ["skep limits set a1 --cap 50 --rate 10/s", "50 at most, 10 a second"],
    [
      "skep limits set crawler --sends --rate 100/m --burst 5",
      "whatever crawler sends, and to whom",
    ],
    ["skep limits clear a1", "the general limits again"],
  ],
  async run(context, { verb = "show", name, all, sends, cap, bytes, rate, burst }) {
    const given = { cap, bytes, rate, burst };
    if (verb !== "set" && Object.values(given).some((value) => value !== undefined))
      throw new SkepError("E_USAGE", `${verb} takes no limits`, { hint: "skep limits set NAME …" });
    if (all && (verb !== "show" || name !== undefined))
      throw new SkepError("E_USAGE", "--all is for showing the limits of everybody", {
        hint: "skep limits --all",
      });
    if (verb === "show") return await show(context, name, { all, sends });
    if (name === undefined)
      throw new SkepError("E_USAGE", `${verb} whose limits?`, { hint: `skep limits ${verb} NAME` });
    if (sends && (cap !== undefined || bytes !== undefined))
      throw new SkepError("E_USAGE", "what somebody sends has a rate, but no cap and no bytes", {
        hint: "Leave --sends out to limit the inbox.",
      });
    const change: LimitChange = {
      cap: whole("--cap", cap),
      bytes: whole("--bytes", bytes),
      ratePerS: perSecond(rate),
      burst: whole("--burst", burst),
    };
    const { store, settings } = await open(context);
    if (verb === "set") {
      const limits = await store.write((tx) =>
        sends ? setSenderLimits(tx, name, change) : setInboxLimits(tx, settings.bus, name, change),
      );
      await print(context, [limits]);
      return;
    }
    const cleared = await store.write((tx) =>
      sends ? clearSenderLimits(tx, name) : clearInboxLimits(tx, name),
    );
    await context.data(
      context.json
        ? JSON.stringify({ name, of: sends ? "sends" : "inbox", cleared })
        : cleared
          ? `the limits of ${sends ? `what ${name} sends` : `inbox ${name}`} are gone`
          : "there were none",
    );
  },
});

async function show(
  context: Context,
  name: string | undefined,
  { all: every, sends }: { all: boolean; sends: boolean },
): Promise<void> {
  const { store, settings, clock } = await open(context);
  const held = governorText(await store.read((tx) => findHold(tx, clock.boot)), clock.now());
  const all = await store.read((tx) =>
    name === undefined
      ? listLimits(tx, settings.bus, { every })
      : showLimits(tx, settings.bus, name),
  );
  await print(
    context,
    all.filter(({ of }) => !sends || of === "sends"),
  );
  if (held !== undefined) context.say(held);
}

async function print(context: Context, all: readonly Limits[]): Promise<void> {
  if (context.json) {
    for (const limits of all) await context.data(jsonLine(limits));
    return;
  }
  if (all.length === 0) return context.say("no limits are set: the general ones hold");
  await context.data(columns([headings, ...all.map(row)]));
}

const headings = "NAME OF CAP BYTES RATE BURST TOKENS HELD WAITING OLDEST REFUSED".split(" ");

function row({ name, of, cap, bytes, ratePerS, burst, refused, ...now }: Limits): string[] {
  const rateShown = ratePerS === null ? "-" : formatRate(ratePerS);
  const oldest = now.oldestMs === null ? "-" : formatDuration(now.oldestMs);
  const counts = [now.tokens, now.held, now.waiting].map(shown);
  return [
    name,
    of,
    shown(cap),
    shown(bytes),
    rateShown,
    shown(burst),
    ...counts,
    oldest,
    `${refused}`,
  ];
}

function shown(limit: number | null): string {
  return limit === null ? "-" : String(limit);
}

function jsonLine({ ratePerS, own, burst, oldestMs, ...limits }: Limits): string {
  const { refused, tokens, held, waiting, ...bounds } = limits;
  const now = { tokens, held, waiting, oldest_ms: oldestMs, refused };
  return JSON.stringify({ ...bounds, rate_per_s: ratePerS, burst, own, ...now });
}

// What is no number at all is a matter of words; which numbers there can be is for the bus to say.
function whole(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[+-]?\d{1,18}(\.\d+)?$/.test(text)) return Number(text);
  throw new SkepError("E_USAGE", `${flag} is ${JSON.stringify(text)}`, {
    hint: "Write a whole number.",
  });
}

function perSecond(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const perS = parsePerSecond(text);
  if (perS !== undefined) return perS;
  throw new SkepError("E_USAGE", `--rate is ${JSON.stringify(text)}`, {
    hint: "Write how many in what time: 10/s, 100/m or 0.5/h.",
  });
}
