/** What each Kafka knows of its settings: the data, and that it says what Kafka's own jars say. */
import { execFileSync, spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { goneSetting, goneSettings, goneTopicSettings } from "../../src/spec/gone-settings.ts";
import {
  isLiveForControllers,
  isLiveSetting,
  settingInfo,
  settingMinors,
  settingNames,
  topicSettingInfo,
  topicSettingNames,
  topicSettingsFrom,
} from "../../src/spec/setting-info.ts";
import { kafkaMinors } from "../../src/spec/versions.ts";

const root = new URL("../../", import.meta.url).pathname;

describe("the tables", () => {
  test("have every minor that kctl knows", () => {
    expect(settingMinors).toEqual(kafkaMinors.map(({ minor }) => minor));
    expect(settingNames("3.6")).toBeNull();
    expect(topicSettingNames("5.0")).toBeNull();
    expect(settingInfo("3.6", "num.io.threads")).toBeNull();
  });

  test.each([
    ["3.7", 295, 31],
    ["3.8", 313, 34],
    ["3.9", 329, 36],
    ["4.0", 306, 33],
    ["4.1", 336, 34],
    ["4.2", 341, 34],
    ["4.3", 360, 34],
  ])("Kafka %s has %i settings of brokers and %i of topics", (minor, brokers, topics) => {
    expect([settingNames(minor)?.size, topicSettingNames(minor)?.size]).toEqual([brokers, topics]);
  });

  test.each(settingMinors)("%s: a name once, a type that Kafka has, a default that its own bounds take", (minor) => {
    for (const [names, info] of [
      [settingNames(minor), settingInfo],
      [topicSettingNames(minor), topicSettingInfo],
    ] as const)
      for (const name of names ?? []) {
        const found = info(minor, name);
        expect(found?.name).toBe(name);
        expect(found?.type).toMatch(/^(boolean|class|double|int|list|long|password|short|string)$/);
        if (found?.values?.kind !== "range" || found.default === null) continue;
        const { from, to, also } = found.values;
        const value = Number(found.default);
        expect(also.includes(value) || (value >= (from ?? -Infinity) && value <= (to ?? Infinity))).toBe(true);
      }
  });
});

describe("what is known of a setting", () => {
  const range = (from: number | null, to: number | null, ...also: number[]) => ({ kind: "range", from, to, also });

  test.each([
    ["3.9", "num.io.threads", { type: "int", default: "8", values: range(1, null), update: "cluster-wide" }],
    ["3.9", "log.segment.bytes", { type: "int", default: "1073741824", values: range(14, null) }],
    ["4.0", "log.segment.bytes", { values: range(1_048_576, null), update: "cluster-wide" }],
    ["3.9", "advertised.listeners", { type: "string", default: null, values: null, update: "per-broker" }],
    ["4.3", "advertised.listeners", { type: "list", default: null, update: "read-only" }],
    ["3.9", "num.recovery.threads.per.data.dir", { default: "1" }],
    ["4.0", "num.recovery.threads.per.data.dir", { default: "2" }],
    ["3.9", "compression.gzip.level", { values: range(1, 9, -1) }],
    [
      "3.9",
      "process.roles",
      { type: "list", required: false, values: { kind: "words", words: ["broker", "controller"] } },
    ],
    ["4.1", "process.roles", { required: true, default: null }],
    ["3.9", "broker.id", { update: "read-only", internal: false }],
    ["3.9", "unclean.leader.election.interval.ms", { internal: true }],
    ["4.1", "group.consumer.migration.policy", { values: { kind: "words", anyCase: true } }],
    ["3.9", "ssl.keystore.password", { type: "password", update: "per-broker" }],
  ])("%s %s", (minor, name, info) => {
    expect(settingInfo(minor, name)).toMatchObject(info);
  });

  test("topics' settings, and the brokers' that give their defaults", () => {
    expect(topicSettingInfo("3.9", "retention.ms")).toEqual({
      name: "retention.ms",
      type: "long",
      default: "604800000",
      required: false,
      values: range(-1, null),
      internal: false,
      synonyms: ["log.retention.ms", "log.retention.minutes", "log.retention.hours"],
    });
    expect(topicSettingInfo("4.2", "internal.segment.bytes")).toMatchObject({ internal: true, synonyms: [] });
    expect(topicSettingsFrom("4.1", "log.index.size.max.bytes")).toEqual(["segment.index.bytes"]);
    expect(topicSettingsFrom("4.1", "num.io.threads")).toEqual([]);
  });
});

describe("what is gone", () => {
  const kinds = [
    ["broker", settingNames, goneSettings],
    ["topic", topicSettingNames, goneTopicSettings],
  ] as const;

  test.each(kinds)("%s: all that a minor has and a later one has not, from that one on", (of, namesOf) => {
    const [first, ...later] = settingMinors;
    let before = namesOf(first ?? "");
    for (const minor of later) {
      const names = namesOf(minor);
      const went = [...(before ?? [])].filter((name) => names?.has(name) === false);
      expect(went.map((name) => [name, goneSetting(of, minor, name)?.since])).toEqual(
        went.map((name) => [name, minor]),
      );
      before = names;
    }
  });

  test.each(kinds)("%s: nothing that a minor still has, and a way out for each", (of, namesOf, all) => {
    for (const minor of settingMinors)
      for (const name of namesOf(minor) ?? []) expect([name, goneSetting(of, minor, name)]).toEqual([name, null]);
    for (const { instead, since } of all) {
      const written = [...instead.matchAll(/^write `([^`]+)`(?: and `([^`]+)`)?$/g)].flatMap(([, ...names]) => names);
      for (const name of written.filter((each) => each !== undefined && !each.startsWith("metrics.jmx.")))
        expect([name, namesOf(since)?.has(name ?? "")]).toEqual([name, true]);
    }
  });
});

describe("what needs no restart", () => {
  test.each([
    ["3.9", "log.retention.ms", true, true],
    ["3.9", "num.io.threads", true, false],
    ["4.2", "max.connections.per.ip", true, false],
    ["4.3", "num.io.threads", true, true],
    ["4.3", "queued.max.requests", false, false],
    ["4.3", "ssl.keystore.location", false, false],
    ["4.3", "ssl.key.password", false, false],
    ["4.3", "no.such.setting", false, false],
  ])("Kafka %s, %s: of brokers %s, of controllers %s", (minor, name, brokers, controllers) => {
    expect([isLiveSetting(minor, name), isLiveForControllers(minor, name)]).toEqual([brokers, controllers]);
  });
});

const has = (command: string): boolean => spawnSync("sh", ["-c", `command -v ${command}`]).status === 0;

describe.skipIf(!has("mvn") || !has("javac"))("Kafka's own jars", () => {
  test("say the same", () => {
    const out = execFileSync(process.execPath, ["scripts/extract-settings.ts", "--check", "3.9.2"], {
      cwd: root,
      encoding: "utf8",
    });
    expect(out).toBe("");
  });
});
