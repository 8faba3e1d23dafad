// A JSON Schema for editors, read off the schema that checks the file. Rules among keys are not in it.
import type * as v from "valibot";
import type { JsonSchema } from "./schema/values.ts";

/** The JSON Schema (draft 2020-12) of files that `schema` checks. */
export function jsonSchemaOf(schema: v.GenericSchema, title: string): JsonSchema {
  return { $schema: "https://json-schema.org/draft/2020-12/schema", title, ...partOf(schema) };
}

// What each kind of valibot's schemas has that is looked at here.
interface Form {
  type: string;
  kind: string;
  pipe?: readonly Form[];
  entries?: Readonly<Record<string, Form>>;
  wrapped?: Form;
  item?: Form;
  value?: Form;
  key?: Form;
  options?: readonly unknown[];
  metadata?: { json?: JsonSchema; forms?: readonly Form[] };
}

function partOf(schema: unknown): JsonSchema {
  const form = schema as Form;
  if (form.wrapped !== undefined) return partOf(form.wrapped);
  if (form.entries !== undefined) return tableOf(form.entries);
  if (form.pipe !== undefined) return pipeOf(form.pipe);
  if (form.type === "boolean" || form.type === "string") return { type: form.type };
  if (form.type === "number") return { type: "number" };
  if (form.type === "array") return { type: "array", items: partOf(form.item) };
  if (form.type === "picklist") return { enum: form.options };
  if (form.type === "union") return { anyOf: form.options!.map(partOf) };
  if (form.type === "record")
    return {
      type: "object",
      propertyNames: partOf(form.key),
      additionalProperties: partOf(form.value),
    };
  return {};
}

function tableOf(entries: Readonly<Record<string, Form>>): JsonSchema {
  const required = Object.keys(entries).filter((key) => entries[key]!.type !== "optional");
  return {
    type: "object",
    properties: Object.fromEntries(
      Object.entries(entries).map(([key, entry]) => [key, partOf(entry)]),
    ),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}

/** What all schemas of a pipe say, and what its remarks for editors add. */
function pipeOf([first, ...others]: readonly Form[]): JsonSchema {
  const parts = others.map(({ kind, metadata, ...form }) => {
    if (metadata?.forms !== undefined) return { anyOf: metadata.forms.map(partOf) };
    if (metadata?.json !== undefined) return metadata.json;
    return kind === "schema" ? partOf({ kind, ...form }) : {};
  });
  return Object.assign({}, partOf(first), ...parts);
}
