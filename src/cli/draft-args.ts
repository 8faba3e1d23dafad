// What send, request and publish ask of a message alike, so that one flag means one thing.
import { defaultPriority } from "../bus/message.ts";
import type { ArgsDef } from "./command.ts";

export const draftArgs = {
  type: { type: "string", valueHint: "T", description: "what kind of message it is" },
  priority: {
    type: "whole",
    least: 0,
    most: 9,
    valueHint: "0..9",
    description: `9 is the most urgent (default ${defaultPriority})`,
  },
  thread: { type: "string", valueHint: "ID", description: "the conversation it belongs to" },
  onFull: {
    type: "enum",
    options: ["wait", "fail"],
    default: "wait",
    description: "what to do when the inbox is full",
  },
} as const satisfies ArgsDef;
