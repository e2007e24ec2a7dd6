import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, onTestFinished, test } from "vitest";
import { darwinProcesses, parsePs } from "../../../src/hosts/local/darwin-processes.ts";
import { isPassing, linuxProcesses } from "../../../src/hosts/local/linux-processes.ts";
import {
  hasArgument,
  inputsOf,
  serviceProcesses,
  type CommandLine,
  type Sighting,
} from "../../../src/hosts/local/processes.ts";
import { isFree } from "../../free-ports.ts";
import { firstThreadOver } from "../first-thread-over.ts";
import { obedient, until } from "./support.ts";

const mark = "@/home/me/my cluster/.kctl/demo/kafka-1/broker/config/jvm.args";
const onLinux = process.platform === "linux";

function sighting(pid: number, time: string, argument = mark, parent = 1): Sighting {
  return {
    pid,
    parent,
    birth: `boot ${time}`,
    command: { text: `\0java\0-Dkctl.inputs=d${pid}\0${argument}\0x.Y\0`, separator: "\0" },
  };
}

describe("which processes are the service", () => {
  test.each([
    ["none", [], null, null, []],
    ["another argument", [sighting(1, "5", `${mark}.old`)], null, null, []],
    ["the mark inside of an argument", [sighting(1, "5", `-Dx=${mark}`)], null, null, []],
    ["one, with no pid file", [sighting(7, "5")], null, 7, []],
    ["one, with a pid file of a process that is gone", [sighting(7, "5")], { pid: 3, birth: "boot 1" }, 7, []],
    ["two: the oldest", [sighting(7, "50"), sighting(8, "9")], null, 8, [7]],
    ["two: the one in the pid file", [sighting(7, "50"), sighting(8, "9")], { pid: 7, birth: "boot 50" }, 7, [8]],
    [
      "two: a pid file of an earlier life of the pid",
      [sighting(7, "50"), sighting(8, "9")],
      { pid: 7, birth: "boot 1" },
      8,
      [7],
    ],
    ["one that starts a child", [sighting(7, "5"), sighting(8, "6", mark, 7)], null, 7, []],
  ] as const)("%s", (_, sightings, noted, main, extras) => {
    const seen = serviceProcesses(sightings, mark, noted);
    expect(seen.main?.pid ?? null).toBe(main);
    expect(seen.extras.map(({ pid }) => pid)).toEqual(extras);
    if (seen.main !== null) expect(seen.main.inputs).toBe(`d${seen.main.pid}`);
  });
});

describe("macOS", () => {
  const output = `  501     1   502 Ss   Mon Nov 23 23:15:00 2026 /opt/java/bin/java -Dkctl.inputs=abc ${mark} kafka.Kafka /x/server.properties
  502     1   502 Z    Tue Dec  1 09:05:07 2026 (java)
 1503   501     0 S+   Tue Dec  1 09:05:07 2026 login -pf me
garbage
`;

  test("lines of ps", () => {
    const seen = parsePs(output, 502);
    expect(seen).toHaveLength(1);
    const [java] = seen;
    expect(java).toMatchObject({ pid: 501, parent: 1, birth: "20261123 23:15:00" });
    expect(java !== undefined && hasArgument(java.command, mark)).toBe(true);
    expect(java === undefined ? null : inputsOf(java.command)).toBe("abc");
    expect(parsePs(output, undefined).map(({ pid, birth }) => [pid, birth])).toEqual([
      [501, "20261123 23:15:00"],
      [1503, "20261201 09:05:07"],
    ]);
  });

  test.runIf(onLinux)("this system's ps, which prints the same columns, finds what /proc shows", async () => {
    const child = spawn("/bin/sh", ["-c", "read -r line", "sh", "-Dkctl.inputs=x1", mark], {
      stdio: ["pipe", "ignore", "ignore"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    const find = (processes: ReturnType<typeof linuxProcesses>) =>
      processes.sightings((command) => hasArgument(command, mark));
    await until(async () => (await find(linuxProcesses())).length === 1);
    for (const processes of [linuxProcesses(), darwinProcesses()]) {
      const [seen] = await find(processes);
      expect(seen).toMatchObject({ pid: child.pid, parent: process.pid });
      expect(seen === undefined ? null : inputsOf(seen.command)).toBe("x1");
      expect(await processes.birthOf(child.pid ?? 0)).toBe(seen?.birth);
      expect(await processes.birthOf(4_194_303)).toBeNull();
    }
  });
});

test.runIf(onLinux)("a process whose first thread is over lives for as long as another holds its port", async () => {
  const { pid, port, end } = await firstThreadOver();
  expect(await isFree(port)).toBe(false);
  expect(await linuxProcesses().birthOf(pid)).not.toBeNull();
  // Whether it is of interest is not known any more: it is waited for, but once.
  const times: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const began = performance.now();
    await linuxProcesses().sightings(() => false);
    times.push(performance.now() - began);
  }
  expect(times[0]).toBeGreaterThan(500);
  expect(Math.min(...times)).toBeLessThan(500);
  await end();
  expect(await isFree(port)).toBe(true);
  expect(await linuxProcesses().birthOf(pid)).toBeNull();
});

describe("a process without arguments", () => {
  test.runIf(onLinux)("one that goes over from a program to the next is seen all the while", async () => {
    for (let time = 0; time < 40; time += 1) {
      const script = 'exec "$@"';
      const child = spawn("/bin/sh", ["-c", script, "sh", process.execPath, "-e", obedient, "--", mark], {
        stdio: "ignore",
      });
      onTestFinished(() => void child.kill("SIGKILL"));
      const { pid } = child;
      const ended = once(child, "exit");
      const looks: boolean[] = [];
      const isNode = ({ text }: CommandLine): boolean => text.startsWith(`\0${process.execPath}\0`);
      for (let isOver = false; !isOver;) {
        const seen = (await linuxProcesses().sightings((command) => hasArgument(command, mark))).find(
          (sighting) => sighting.pid === pid,
        );
        looks.push(seen !== undefined);
        isOver = seen === undefined || isNode(seen.command);
      }
      child.kill("SIGKILL");
      await ended;
      expect(looks.filter((seen) => !seen)).toEqual([]);
    }
  });

  const status = "Name:\tsh\nState:\tR (running)\nUid:\t1000\t1001\t1001\t1001\n";
  const over = (threads: number): string => `${status.replace("R (running)", "Z (zombie)")}Threads:\t${threads}\n`;
  test.each([
    ["is waited for where it has memory", `${status}VmSize:\t  2580 kB\n`, 1001, true],
    ["not where it is another user's", `${status}VmSize:\t  2580 kB\n`, 1000, false],
    ["not where it has none: it is being ended", status, 1001, false],
    ["not where it is gone", "", 1001, false],
    ["is waited for where only its first thread is over", over(2), 1001, true],
    ["not where all are", over(1), 1001, false],
    ["is waited for where its first thread is about to be over", `${status}Threads:\t2\n`, 1001, true],
    ["not where it is the kernel's", `${status}Threads:\t1\n`, 1001, false],
  ] as const)("%s", (_, text, user, expected) => {
    expect(isPassing(text, user)).toBe(expected);
  });
});
