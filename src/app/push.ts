// What is pushed by OpenTelemetry's protocol: the same that Prometheus gets, where settings say that it is wanted.
import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { hostname } from "node:os";
import { version } from "../../package.json" with { type: "json" };
import type { App } from "../app.ts";
import { headersOf } from "../config/schema/http-headers.ts";
import type { ExportSettings } from "../config/settings.ts";
import { callableUrl } from "../core/loopback-url.ts";
import { type Told, keepPushing } from "../export/keep-pushing.ts";
import { type OtlpBody, otlpBodies } from "../export/otlp.ts";
import { familiesOf } from "../export/prometheus.ts";
import type { Receiver } from "../export/push.ts";
import { readSnapshot } from "./exposition.ts";

/** Pushes how the swarm of `app` stands to the endpoint that is set until `signal` aborts, and then once more, unless `urgent` has. */
export async function pushMetrics(
  app: App,
  signal: AbortSignal,
  urgent: AbortSignal,
): Promise<void> {
  const settings = app.settings.export;
  const receiver = receiverOf(settings, settings.otlpEndpoint);
  const tell = ({ points, rejected, said, fault, isNew }: Told) => {
    const why = fault?.what ?? said ?? null;
    const kind = fault?.kind ?? null;
    app.events.emit("metrics.pushed", {
      points,
      rejected,
      kind,
      why,
      to: receiver.url.host,
      isNew,
    });
  };
  const read = () => readBodies(app);
  await keepPushing({ read, receiver, everyMs: settings.otlpEveryMs, tell }, signal, urgent);
}

/** Who is pushed to at `endpoint`. E_USAGE when that is no address that may be called. */
export function receiverOf(settings: ExportSettings, endpoint: string): Receiver {
  const reach = { hosts: settings.otlpHosts, what: "metrics", allowedBy: "export.otlp_hosts" };
  return {
    url: callableUrl(endpoint, reach),
    headers: headersOf(settings.otlpHeaders),
    timeoutMs: settings.otlpTimeoutMs,
  };
}

/** How everything stands now, as the requests that tell of it. */
export async function readBodies(app: App): Promise<Iterable<OtlpBody>> {
  const snapshot = await readSnapshot(app);
  return otlpBodies(familiesOf(snapshot), {
    version,
    instance: instanceOf(app.home),
    swarm: snapshot.run?.swarm ?? null,
    at: app.clock.now(),
  });
}

/** The same for one home at all times, and another one for any other, of whatever machine; it tells of neither. */
function instanceOf(home: string): string {
  const digest = createHash("sha256")
    .update(`${hostname()}\0${realpathSync(home)}`)
    .digest("hex");
  return digest.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5");
}
