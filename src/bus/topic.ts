// Topics and patterns: what one may publish on and subscribe to, and which patterns match a topic.
import { SkepError } from "../core/errors.ts";

// Every topic has up to 2^(words + 1) - 1 patterns that match it, and each is looked up when something is published.
const wordsMax = 8;
const bytesMax = 256;

const word = /^[A-Za-z0-9_-]+$/;

const shape = `A topic is 1 to ${wordsMax} words of letters, digits, dash and underscore with a dot between two, as in build.linux.failed; ${bytesMax} bytes in all.`;

/** `topic` itself when something can be published on it; E_NAME otherwise. */
export function checkTopic(topic: string): string {
  const words = wordsOf(topic);
  if (words.some((one) => one === "*" || one === ">"))
    throw unfit(topic, "* and > are for subscribers: publish on one topic.");
  if (!words.every((one) => word.test(one))) throw unfit(topic, shape);
  return topic;
}

/** `pattern` itself when one can subscribe to it: a topic, or one with * in place of a word, or > in place of all that follow; E_NAME otherwise. */
export function checkPattern(pattern: string): string {
  const words = wordsOf(pattern);
  const rest = words.indexOf(">");
  if (rest >= 0 && rest < words.length - 1)
    throw unfit(pattern, "> stands for all the words that follow: it comes last.");
  if (words.every((one) => one === "*" || one === ">" || word.test(one))) return pattern;
  const wildcard = words.some((one) => /[*>]/.test(one.slice(1)) || /^[*>]./.test(one));
  throw unfit(pattern, wildcard ? "* and > stand for whole words: a.*, a.>" : shape);
}

/** Every pattern that matches `topic`, the topic itself among them; each once. */
export function patternsOf(topic: string): string[] {
  const patterns: string[] = [];
  let heads = [""];
  for (const [index, one] of topic.split(".").entries()) {
    const dot = index === 0 ? "" : ".";
    for (const head of heads) patterns.push(`${head}${dot}>`);
    heads = heads.flatMap((head) => [`${head}${dot}${one}`, `${head}${dot}*`]);
  }
  return [...heads, ...patterns];
}

function wordsOf(text: string): string[] {
  const words = text.split(".", wordsMax + 1);
  if (Buffer.byteLength(text) > bytesMax || words.length > wordsMax) throw unfit(text, shape);
  return words;
}

function unfit(text: string, hint: string): SkepError {
  const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
  return new SkepError("E_NAME", `${shown} is not a valid topic`, { hint });
}
