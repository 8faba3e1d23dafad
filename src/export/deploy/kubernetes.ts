// Kubernetes objects: settings, a nameless service, and one pod that keeps its volume.
import { join } from "node:path/posix";
import { stringify } from "yaml";
import { SkepError } from "../../core/errors.ts";
import {
  type Deployment,
  containerUser,
  cores,
  inContainer,
  memoryMiB,
  stopSeconds,
  variablesOf,
} from "./deployment.ts";

/** The objects as YAML documents, in the order in which they are made. E_USAGE for more replicas than one. */
export function kubernetes(deployment: Deployment, replicas = 1): string {
  const { name, version } = deployment;
  const remark = `# ${name}, ${deployment.agents} agents: written by skep ${version}. What agents may know and nobody else is named here, and stands
# in a secret of your own:
#   kubectl create secret generic ${name}-secrets --from-literal=API_TOKEN=…
`;
  return remark + objects(deployment, replicas).map(asYaml).join("---\n");
}

// Spelled out each time: people edit what they are given.
const asYaml = (object: object) => stringify(object, { aliasDuplicateObjects: false });

/** The same as values. E_USAGE for more replicas than one. */
export function objects(deployment: Deployment, replicas = 1): object[] {
  if (replicas !== 1)
    throw new SkepError(
      "E_USAGE",
      `${replicas} replicas would be ${replicas} swarms: the bus is a database on the disk of one machine`,
      { hint: "Leave it at one, and give that one more agents; two swarms need two names." },
    );
  const { name } = deployment;
  const labels = { "app.kubernetes.io/name": name, "app.kubernetes.io/managed-by": "skep" };
  const metadata = { name, labels };
  return [
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { ...metadata, name: `${name}-settings` },
      data: variablesOf(deployment, join(inContainer.volume, "state")),
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      // A stateful set has to name one; nothing of skep listens.
      spec: { clusterIP: "None", selector: { "app.kubernetes.io/name": name } },
    },
    {
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata,
      spec: {
        serviceName: name,
        replicas: 1,
        selector: { matchLabels: { "app.kubernetes.io/name": name } },
        template: { metadata: { labels }, spec: podOf(deployment) },
        volumeClaimTemplates: [
          {
            metadata: { name: "home" },
            spec: {
              // One node at a time: SQLite's locks hold on one machine.
              accessModes: ["ReadWriteOnce"],
              resources: { requests: { storage: "5Gi" } },
            },
          },
        ],
      },
    },
  ];
}

function podOf(deployment: Deployment): object {
  const { name } = deployment;
  const memory = `${memoryMiB(deployment)}Mi`;
  const asked = (command: string[], seconds: number) => ({
    exec: { command },
    periodSeconds: 30,
    timeoutSeconds: 5,
    initialDelaySeconds: seconds,
    failureThreshold: 3,
  });
  return {
    terminationGracePeriodSeconds: stopSeconds(deployment),
    automountServiceAccountToken: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: containerUser,
      runAsGroup: containerUser,
      fsGroup: containerUser,
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [
      {
        name,
        image: `${name}:latest`,
        args: ["up", inContainer.file],
        envFrom: [
          { configMapRef: { name: `${name}-settings` } },
          { secretRef: { name: `${name}-secrets`, optional: true } },
        ],
        resources: {
          requests: { cpu: `${cores(deployment) * 500}m`, memory },
          limits: { cpu: String(cores(deployment)), memory },
        },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
        // Its own end ends the pod; what cannot be seen from outside is whether the database answers.
        livenessProbe: asked(["skep", "status", "--quiet"], 60),
        readinessProbe: asked(["skep", "health", "--quiet"], 10),
        volumeMounts: [
          { name: "home", mountPath: inContainer.volume },
          { name: "tmp", mountPath: "/tmp" },
        ],
      },
    ],
    volumes: [{ name: "tmp", emptyDir: {} }],
  };
}
