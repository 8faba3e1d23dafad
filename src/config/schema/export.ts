// The `[export]` section: where the supervisor pushes metrics to, by OpenTelemetry's protocol.
import { address, duration, words } from "./setting.ts";

export const exporting = {
  otlpEndpoint: address({
    purpose:
      "Where metrics are pushed to, as OTLP in JSON, with the whole path, such as http://127.0.0.1:4318/v1/metrics.",
    usual: "none",
    restart: "swarm",
  }),
  otlpHosts: words({
    purpose: "The hosts besides this machine that `otlp_endpoint` may name.",
    form: "hosts",
    usual: [],
    restart: "swarm",
  }),
  otlpHeaders: words({
    purpose: "What is sent along with each push, such as who sends it; what they say is not shown.",
    form: "headers",
    usual: [],
    restart: "swarm",
  }),
  otlpEveryMs: duration({
    purpose: "How often metrics are pushed.",
    usual: 60_000,
    least: 1_000,
    most: 3_600_000,
    restart: "swarm",
  }),
  otlpTimeoutMs: duration({
    purpose: "How long one try to push may take before it is ended.",
    usual: 10_000,
    least: 100,
    most: 3_600_000,
    restart: "swarm",
  }),
} as const;
