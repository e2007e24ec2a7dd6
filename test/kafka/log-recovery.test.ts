import { describe, expect, it } from "vitest";
import { recoveryIn } from "../../src/kafka/log-recovery.ts";

const at = (text: string): string => `[2026-01-02 03:04:05,678] ${text}`;
const begin = at("INFO Loading logs from log dirs ArrayBuffer(/d) (kafka.log.LogManager)");
const attempt = at(
  "INFO Attempting recovery for all logs in /d since no clean shutdown file was found (kafka.log.LogManager)",
);
const recovering = (segment: number): string =>
  at(
    `INFO [LogLoader partition=t-0, dir=/d] Recovering unflushed segment ${segment}. ${segment}/9 recovered for t-0. (kafka.log.LogLoader)`,
  );
const producers = at(
  "INFO [LogLoader partition=t-0, dir=/d] Loading producer state till offset 0 with message format version 2 (kafka.log.UnifiedLog$)",
);
const loaded = at(
  "INFO Completed load of Log(dir=/d/t-0, topic=t) with 1 segments (1/2 completed) (kafka.log.LogManager)",
);
const end = at("INFO Loaded 13 logs in 407ms (unclean log dirs = ArrayBuffer(/d)) (kafka.log.LogManager)");
const later = at("INFO Awaiting socket connections on 127.0.0.1:9092. (kafka.network.DataPlaneAcceptor)");

describe("a broker's log", () => {
  it.each<[string, string[], string | null]>([
    ["is empty", [], null],
    ["has only begun", [later], null],
    ["says that a load began", [later, begin], begin],
    ["says how far it is", [begin, attempt, recovering(0), recovering(1)], recovering(1)],
    ["counts what comes between", [begin, recovering(0), producers], producers],
    ["counts logs that are done", [begin, recovering(0), loaded], loaded],
    ["passes over lines of other things", [begin, recovering(0), later], recovering(0)],
    ["is cut off in the middle of a load", [recovering(5), recovering(6)], recovering(6)],
    ["says that the load has ended", [begin, recovering(0), loaded, end, later], null],
    ["tells of partitions that were made later", [begin, end, producers, later], null],
    ["tells of nothing but those, where it is cut off", [producers, producers], null],
    ["has another load after the first", [begin, end, later, begin, recovering(3)], recovering(3)],
  ])("%s", (_name, lines, recovery) => {
    expect(recoveryIn(lines.map((line) => `${line}\n`).join(""))).toBe(recovery);
  });
});
