// Every verb that writes, and a home in which each of them has something to do.
import { jsonLines } from "./json.ts";
import type { Options, Place } from "./place.ts";

/** What the verbs are about; each but `send` and `recv` has its own, so that none is in the way of another. */
export interface Stage {
  /** Receipts of claims that are held. */
  acked: string;
  nacked: string;
  extended: string;
  /** And of questions. */
  answered: string;
  replied: string;
  /** Dead letters. */
  retried: string;
  dropped: string;
}

export interface Verb {
  title: string;
  words(stage: Stage): string[];
  stdin?: string;
  /** Its exit status when it has done its work. */
  status?: number;
}

const batch = '{"to":"a1","body":"x"}\n{"to":"b1","body":"y","key":"k3"}\n';

/** The verbs, in an order in which each finds what it needs. */
export const everyVerb: Verb[] = [
  { title: "send", words: () => ["send", "a1", "x"] },
  { title: "send to a new inbox", words: () => ["send", "brand-new", "x"] },
  { title: "send --key", words: () => ["send", "a1", "x", "--key", "k1"] },
  { title: "send --delay --ttl", words: () => ["send", "a1", "x", "--delay", "1h", "--ttl", "2h"] },
  { title: "send --durable", words: () => ["send", "a1", "x", "--durable"] },
  { title: "send --reply-to", words: () => ["send", "a1", "x", "--reply-to", "new-back"] },
  { title: "send --batch --atomic", words: () => ["send", "--batch", "--atomic"], stdin: batch },
  { title: "publish", words: () => ["publish", "news.today", "x"] },
  { title: "subscribe", words: () => ["subscribe", "other.>", "log"] },
  { title: "unsubscribe", words: () => ["unsubscribe", "news.*", "log"] },
  { title: "limits set", words: () => ["limits", "set", "slow", "--rate", "5/s", "--cap", "9"] },
  {
    title: "limits set --sends",
    words: () => ["limits", "set", "eve", "--sends", "--rate", "5/s"],
  },
  { title: "limits clear", words: () => ["limits", "clear", "limited"] },
  { title: "recv", words: () => ["recv", "a1"] },
  { title: "recv --ack", words: () => ["recv", "a1", "--ack"] },
  { title: "nack", words: ({ nacked }) => ["nack", nacked, "--reason", "cannot"] },
  { title: "extend", words: ({ extended }) => ["extend", extended, "--lease", "2h"] },
  { title: "ack", words: ({ acked }) => ["ack", acked] },
  { title: "reply", words: ({ replied }) => ["reply", replied, "yes"] },
  { title: "ack --reply", words: ({ answered }) => ["ack", answered, "--reply", "yes"] },
  { title: "request", words: () => ["request", "b1", "?", "--timeout", "100ms"], status: 3 },
  { title: "dead retry", words: ({ retried }) => ["dead", "retry", retried] },
  { title: "dead drop", words: ({ dropped }) => ["dead", "drop", dropped] },
  { title: "purge", words: () => ["purge", "junk", "--yes"] },
  { title: "drain", words: () => ["drain", "--timeout", "0s"] },
  { title: "resume", words: () => ["resume"] },
];

/** Sets the stage in a home: `skep` runs a command there. */
export async function setStage(skep: Place["skep"]): Promise<Stage> {
  const done = async (words: string[], options?: Options) => {
    const { status, stdout, stderr } = await skep([...words, "--json"], options);
    if (status !== 0) throw new Error(`${words.join(" ")}: ${status} ${stderr}`);
    return jsonLines<{ id: number; receipt: string }>(stdout);
  };
  for (const to of ["work", "work", "work", "ill", "ill", "junk", "b1"])
    await done(["send", to, "x"]);
  for (let n = 0; n < 2; n++) await done(["send", "ask", "?", "--reply-to", "back"]);
  await done(["subscribe", "news.*", "log"]);
  await done(["limits", "set", "limited", "--cap", "5"]);
  const held = async (inbox: string) =>
    (await done(["recv", inbox, "--max", "9", "--lease", "1h"])).map(({ receipt }) => receipt);
  const [acked, nacked, extended] = await held("work");
  const [answered, replied] = await held("ask");
  const ill = await held("ill");
  const env = { SKEP_BUS_MAX_ATTEMPTS: "1" };
  for (const receipt of ill) await done(["nack", receipt], { env });
  const [retried, dropped] = ill.map((receipt) => receipt.split(".")[0]!);
  return { acked, nacked, extended, answered, replied, retried, dropped } as Stage;
}
