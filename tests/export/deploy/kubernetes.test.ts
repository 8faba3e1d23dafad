import { expect, test } from "bun:test";
import { StatefulSet } from "kubernetes-models/apps/v1/StatefulSet";
import { ConfigMap } from "kubernetes-models/v1/ConfigMap";
import { Service } from "kubernetes-models/v1/Service";
import { parseAllDocuments } from "yaml";
import { kubernetes, objects } from "../../../src/export/deploy/kubernetes.ts";
import { example, keyless } from "./example.ts";

// kubernetes-models checks what it is given against the schemas of Kubernetes itself.
const models = { ConfigMap, Service, StatefulSet };

function documents(text: string) {
  return parseAllDocuments(text).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS();
  });
}

test("each object is what Kubernetes takes for one of its kind", () => {
  const made = documents(kubernetes(example));
  expect(made.map(({ kind }) => kind)).toEqual(["ConfigMap", "Service", "StatefulSet"]);
  for (const object of made)
    new models[object.kind as keyof typeof models](object as never).validate();
});
test("and what is wrong with one would be seen", () => {
  const [, , set] = documents(kubernetes(example));
  set.spec.template.spec.containers[0].image = 7;
  expect(() => new StatefulSet(set).validate()).toThrow();
});
test("one pod keeps one volume, is nobody, and is asked by the executable itself", () => {
  const [settings, , set] = documents(kubernetes(example));
  expect(settings.data).toEqual({ SKEP_HOME: "/home/skep/volume/state", SKEP_BUS_LEASE: "30s" });
  expect(set.spec.replicas).toBe(1);
  expect(set.spec.volumeClaimTemplates[0].spec.accessModes).toEqual(["ReadWriteOnce"]);
  const { securityContext, containers, terminationGracePeriodSeconds } = set.spec.template.spec;
  expect(securityContext.runAsNonRoot).toBe(true);
  expect(terminationGracePeriodSeconds).toBe(32);
  // The top of a volume is root's, and no home.
  expect(containers[0].volumeMounts[0]).toEqual({ name: "home", mountPath: "/home/skep/volume" });
  const [{ livenessProbe, readinessProbe }] = containers;
  expect(livenessProbe.exec.command).toEqual(["skep", "status", "--quiet"]);
  expect(readinessProbe.exec.command).toEqual(["skep", "health", "--quiet"]);
});
test("the volume and the memory are what the swarm takes", () => {
  const [, , set] = documents(kubernetes(example));
  expect(set.spec.volumeClaimTemplates[0].spec.resources).toEqual({
    requests: { storage: "9Gi" },
  });
  expect(set.spec.template.spec.containers[0].resources).toEqual({
    requests: { cpu: "500m", memory: "1472Mi" },
    limits: { cpu: "1", memory: "1472Mi" },
  });
});
test("exactly the keys of its agents are named, each in the secret that the remark has one make", () => {
  const text = kubernetes(example);
  const [{ env, envFrom }] = documents(text)[2].spec.template.spec.containers;
  const named = (key: string) => ({
    name: key,
    valueFrom: { secretKeyRef: { name: "census-secrets", key } },
  });
  expect(env).toEqual([named("API_TOKEN"), named("HTTPS_PROXY")]);
  expect(envFrom).toEqual([{ configMapRef: { name: "census-settings" } }]);
  expect(text).toContain("of lines NAME=value: API_TOKEN HTTPS_PROXY\n");
  expect(text).toContain("kubectl create secret generic census-secrets --from-env-file=FILE\n");
  expect(kubernetes(keyless)).not.toContain("secret");
});
test("two replicas are refused, with the reason", () => {
  expect(() => objects(example, 2)).toThrow(
    "2 replicas would be 2 swarms: the bus is a database on the disk of one machine",
  );
  expect(objects(example, 1)).toHaveLength(3);
});
