/** The schema of Kafka Connect: its workers, and the connectors that run in them. */
import { z } from "zod";
import { coordinates, settingsWithSecrets, sha512, text } from "./formats.ts";
import { key } from "./key-info.ts";
import { config, heap, jvm } from "./section-keys.ts";

const plugin = z.strictObject({
  maven: key(coordinates.optional(), {
    doc: "Its Maven coordinates: it comes with all that it needs, from the repositories of your own Maven settings.",
    effect: "restart",
    example: "org.apache.kafka:connect-file:3.9.1",
  }),
  archive: key(text.optional(), {
    doc: "A .tar.gz with its jars, as connectors' makers publish them: a path or a web address.",
    effect: "restart",
    example: "https://mirror.example.com/debezium-connector-postgres-3.6.1.Final-plugin.tar.gz",
    also: ["url"],
  }),
  file: key(text.optional(), {
    doc: "A single jar: a path or a web address.",
    effect: "restart",
    example: "build/libs/my-transformations.jar",
    also: ["jar", "path"],
  }),
  sha512: key(sha512.optional(), {
    doc: "What the archive or the file must be.",
    effect: "restart",
    also: ["digest", "checksum"],
  }),
});

export const connect = z.strictObject({
  heap: heap("worker", "256MiB on `local`"),
  config: config(
    "Settings of the workers, as they are spelled in connect-distributed.properties, and taken as they are written.",
  ),
  jvm,
  plugins: key(z.array(plugin).default([]), {
    doc: "Connectors, converters and transformations beside Kafka's own: `maven`, `archive` or `file` each, the latter two with `sha512`.",
    effect: "restart",
    example: "[{ maven: org.apache.kafka:connect-file:3.9.1 }]",
    also: ["plugin"],
  }),
});

export const connector = z.strictObject({
  name: key(text, { doc: "The connector's name.", effect: "replace", example: "orders-to-file" }),
  class: key(text, {
    doc: "Its class, in full.",
    effect: "live",
    example: "org.apache.kafka.connect.file.FileStreamSinkConnector",
    also: ["connector.class", "type"],
  }),
  config: key(settingsWithSecrets.default({}), {
    doc: "The connector's settings. One may be a secret: `{ secret: { file: PATH } }`, or `{ secret: { env: NAME } }`; it lies in a file beside each worker, and Connect itself is given a reference to it.",
    effect: "live",
    verbatim: true,
    secrets: true,
    also: ["settings", "properties", "configuration", "conf"],
  }),
});
