// Kubernetes objects: settings, a nameless service, and one pod that keeps its volume.
import { join } from "node:path/posix";
import { stringify } from "yaml";
import { SkepError } from "../../core/errors.ts";
import {
  type Deployment,
  boundsOf,
  containerUser,
  fileInContainer,
  inContainer,
  keyNames,
  stopSeconds,
  variablesOf,
} from "./deployment.ts";

/** The objects as YAML documents, in the order in which they are made. E_USAGE for more replicas than one. */
export function kubernetes(deployment: Deployment, replicas = 1): string {
  const { name, version, agents } = deployment;
  const keys = keyNames(deployment);
  const remark = `# ${name}, ${agents} agents: written by skep ${version}.
${keys.length === 0 ? "" : secretRemark(name, keys)}`;
  return remark + objects(deployment, replicas).map(asYaml).join("---\n");
}

const secretOf = (name: string) => `${name}-secrets`;

function secretRemark(name: string, keys: string[]): string {
  return `# What agents may know and nobody else is named here, and stands in a secret of your own. The pod waits until it has all
# of these, from a file of lines NAME=value: ${keys.join(" ")}
#   kubectl create secret generic ${secretOf(name)} --from-env-file=FILE
`;
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
              resources: { requests: { storage: `${boundsOf(deployment).storageGiB}Gi` } },
            },
          },
        ],
      },
    },
  ];
}

function podOf(deployment: Deployment): object {
  const { name } = deployment;
  const { memoryMiB, cores } = boundsOf(deployment);
  const memory = `${memoryMiB}Mi`;
  const env = keyNames(deployment).map((key) => ({
    name: key,
    valueFrom: { secretKeyRef: { name: secretOf(name), key } },
  }));
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
      // Or each start would open the home to the group, and skep close it again.
      fsGroupChangePolicy: "OnRootMismatch",
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [
      {
        name,
        image: `${name}:latest`,
        args: ["up", fileInContainer(deployment)],
        envFrom: [{ configMapRef: { name: `${name}-settings` } }],
        ...(env.length > 0 && { env }),
        resources: {
          requests: { cpu: `${cores * 500}m`, memory },
          limits: { cpu: String(cores), memory },
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
