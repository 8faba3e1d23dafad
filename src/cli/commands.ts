// Every command by its heading in the help. Only the file of the one that is used gets loaded.
import { type CommandTable, internal } from "./command.ts";

export const commands: CommandTable = {
  Messages: {
    send: () => import("./commands/send.ts"),
    recv: () => import("./commands/recv.ts"),
    ack: () => import("./commands/ack.ts"),
    nack: () => import("./commands/nack.ts"),
    extend: () => import("./commands/extend.ts"),
    request: () => import("./commands/request.ts"),
    reply: () => import("./commands/reply.ts"),
  },
  "Looking on": {
    peek: () => import("./commands/peek.ts"),
    inboxes: () => import("./commands/inboxes.ts"),
    trace: () => import("./commands/trace.ts"),
    status: () => import("./commands/status.ts"),
    ps: () => import("./commands/ps.ts"),
  },
  "The swarm": {
    init: () => import("./commands/init.ts"),
    up: () => import("./commands/up.ts"),
    down: () => import("./commands/down.ts"),
  },
  "This program": {
    version: () => import("./commands/version.ts"),
  },
  [internal]: {
    host: () => import("./commands/host.ts"),
  },
};
