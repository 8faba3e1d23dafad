// From a command's context to the opened swarm, and the name it acts under.
import { type App, openApp } from "../app.ts";
import type { Settings } from "../config/settings.ts";
import { SkepError } from "../core/errors.ts";
import { checkName } from "../core/names.ts";
import type { Context } from "./context.ts";

// Nobody waits longer for a look.
const lookMs = 2_000;

interface Opening {
  /** For what ends work, also on a full disk. */
  essential?: boolean;
  /** For who only looks: it changes no modes, and does not wait long for others. */
  look?: boolean;
  /** Those that hold all the same where what is chosen has mistakes. */
  settings?: Settings | undefined;
}

/** The swarm's state of the command's home. E_IDENTITY when the name to act under is somebody else's. */
export async function open(
  context: Context,
  { essential, look = false, settings: given }: Opening = {},
): Promise<App> {
  const home = await context.home();
  const { acceptLoss, run } = context;
  const onClosed = () =>
    context.say(`skep: ${home} was open to other users, and is closed to them now (mode 0700)`);
  const { store, ...others } = given ?? (await context.settings());
  const busyTimeoutMs = look ? Math.min(store.busyTimeoutMs, lookMs) : store.busyTimeoutMs;
  const settings = { ...others, store: { ...store, busyTimeoutMs } };
  const options = { acceptLoss, essential, keepModes: look, onClosed, run };
  const app = await openApp(home, settings, undefined, options);
  const { lost } = app.bus;
  if (lost > 0)
    context.say(
      `skep: ${lost === 1 ? "1 delivery" : `${lost} deliveries`} that had been accepted ${lost === 1 ? "is" : "are"} lost: the newest ones; skep sql "select * from lost" lists what is missing`,
    );
  if (context.as !== undefined) await app.checkIdentity(context.as, context.token);
  return app;
}

/** `inbox`, or else the inbox of the one who acts; E_USAGE when nobody says, E_NAME when it is no name. */
export function inboxOf(context: Context, inbox: string | undefined): string {
  const name = inbox ?? context.as;
  if (name !== undefined) return checkName(name, "inbox");
  throw new SkepError("E_USAGE", "which inbox?", {
    hint: "Name it, or say who you are with --as NAME or SKEP_AGENT.",
  });
}
