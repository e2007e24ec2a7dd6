import { describe, expect, test } from "vitest";
import type { ConnectorSeen } from "../../../src/kafka/connectors.ts";
import { complaintsOf } from "../../../src/operations/connectors/list.ts";
import { isBroken, settled } from "../../../src/operations/connectors/settle.ts";
import { missingClass } from "../../../src/operations/connectors/validate.ts";

const task = (state: string, id = 0) => ({
  id,
  state,
  worker: "w:1",
  trace: state === "FAILED" ? `trace ${id}` : null,
});
const seen = (state: string, ...tasks: readonly string[]): ConnectorSeen => ({
  name: "a",
  type: "sink",
  config: {},
  worker: "w:1",
  state,
  trace: state === "FAILED" ? "own trace" : null,
  tasks: tasks.map(task),
});

describe("whether a connector is where it should be", () => {
  test.each<[string, ConnectorSeen | undefined, "RUNNING" | "PAUSED" | "gone", string]>([
    ["runs, with its tasks", seen("RUNNING", "RUNNING", "RUNNING"), "RUNNING", "there"],
    ["runs, without tasks yet", seen("RUNNING"), "RUNNING", "there"],
    ["is not there yet", undefined, "RUNNING", "wait: connector a to be made"],
    [
      "has a task that nobody has",
      seen("RUNNING", "RUNNING", "UNASSIGNED"),
      "RUNNING",
      "wait: task 1 of connector a to be running, and it is unassigned",
    ],
    [
      "has a task that failed",
      seen("RUNNING", "RUNNING", "FAILED"),
      "RUNNING",
      "failed: task 1 of connector a, trace 1",
    ],
    ["failed itself", seen("FAILED"), "RUNNING", "failed: connector a, own trace"],
    ["is paused, and takes its settings so", seen("PAUSED", "PAUSED"), "RUNNING", "there"],
    ["is stopped, and takes its settings so", seen("STOPPED"), "RUNNING", "there"],
    ["still runs", seen("PAUSED", "RUNNING"), "PAUSED", "wait: task 0 of connector a to be paused, and it is running"],
    ["is paused", seen("PAUSED", "PAUSED"), "PAUSED", "there"],
    ["is still there", seen("RUNNING"), "gone", "wait: connector a to go"],
    ["is gone", undefined, "gone", "there"],
  ])("one that %s", (_, at, wanted, expected) => {
    const now = settled("a", at, wanted);
    const more = now.state === "wait" ? `: ${now.why}` : now.state === "failed" ? `: ${now.what}, ${now.trace}` : "";
    expect(`${now.state}${more}`).toBe(expected);
  });
});

test.each<[boolean, ConnectorSeen]>([
  [false, seen("RUNNING", "RUNNING", "RUNNING")],
  [false, seen("RUNNING")],
  [false, seen("PAUSED", "PAUSED")],
  [false, seen("STOPPED")],
  [true, seen("FAILED")],
  [true, seen("RUNNING", "RUNNING", "FAILED")],
  [true, seen("UNASSIGNED")],
])("%s: it is restarted once its secrets are there", (is, one) => {
  expect(isBroken(one)).toBe(is);
});

test("what is not as it should be is told, and what somebody paused is not", () => {
  const listed = (one: ConnectorSeen, name: string) => ({ ...one, name, class: "", declared: true });
  const connectors = [listed(seen("RUNNING", "FAILED"), "a"), listed(seen("PAUSED", "PAUSED"), "b")];
  expect(complaintsOf({ cluster: "demo", connectors, missing: ["c"] })).toEqual([
    { what: "connector c is in the spec and not on the workers", trace: null },
    { what: "task 0 of connector a is failed", trace: "trace 0" },
  ]);
});

describe("a connector's class", () => {
  const classes = ["org.apache.kafka.connect.file.FileStreamSinkConnector"];
  const of = (name: string) => missingClass({ name: "a", config: { "connector.class": name } }, classes);

  test.each(["org.apache.kafka.connect.file.FileStreamSinkConnector", "FileStreamSinkConnector", "FileStreamSink"])(
    "%s is there",
    (name) => {
      expect(of(name)).toBeNull();
    },
  );

  test("one that is like it is named", () => {
    expect(of("FileStreamSinc")).toMatchObject({ fix: "did you mean FileStreamSink?" });
  });

  test("another one's plugin is missing", () => {
    expect(of("io.debezium.connector.postgresql.PostgresConnector")).toMatchObject({
      code: "connector-invalid",
      where: "a",
      what: "no worker has the connector class io.debezium.connector.postgresql.PostgresConnector",
      fix: expect.stringContaining("name its plugin under `connect.plugins` and run `kctl up`") as string,
      detail: "they have: org.apache.kafka.connect.file.FileStreamSinkConnector",
    });
  });
});
