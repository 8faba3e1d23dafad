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
    dead: () => import("./commands/dead.ts"),
    purge: () => import("./commands/purge.ts"),
    publish: () => import("./commands/publish.ts"),
    subscribe: () => import("./commands/subscribe.ts"),
    unsubscribe: () => import("./commands/unsubscribe.ts"),
  },
  "Looking on": {
    peek: () => import("./commands/peek.ts"),
    inboxes: () => import("./commands/inboxes.ts"),
    limits: () => import("./commands/limits.ts"),
    topics: () => import("./commands/topics.ts"),
    trace: () => import("./commands/trace.ts"),
    sql: () => import("./commands/sql.ts"),
    status: () => import("./commands/status.ts"),
    ps: () => import("./commands/ps.ts"),
    health: () => import("./commands/health.ts"),
    logs: () => import("./commands/logs.ts"),
  },
  "The swarm": {
    init: () => import("./commands/init.ts"),
    up: () => import("./commands/up.ts"),
    down: () => import("./commands/down.ts"),
    restart: () => import("./commands/restart.ts"),
    pause: () => import("./commands/pause.ts"),
    unpause: () => import("./commands/unpause.ts"),
    scale: () => import("./commands/scale.ts"),
    reap: () => import("./commands/reap.ts"),
    drain: () => import("./commands/drain.ts"),
    resume: () => import("./commands/resume.ts"),
    beat: () => import("./commands/beat.ts"),
    attach: () => import("./commands/attach.ts"),
  },
  "This program": {
    config: () => import("./commands/config.ts"),
    version: () => import("./commands/version.ts"),
  },
  [internal]: {
    supervise: () => import("./commands/supervise.ts"),
    host: () => import("./commands/host.ts"),
  },
};
