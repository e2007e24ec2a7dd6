/** A first `up` that is stopped at a point of its work, by SIGKILL or by SIGINT: the next `up` converges. */
import { expect } from "vitest";
import { injectFault } from "../faults/fault.ts";
import { kctl, processes, type Ended, type Place } from "./kctl.ts";
import { codesOf, heals, placeWithSecret } from "./law.ts";
import { stopAt, type Moment } from "./moment.ts";

export type NamedMoment = Moment & {
  readonly what: string;
  /** This server does not come to serve before that. */
  readonly held?: string;
};

export const moments: readonly NamedMoment[] = [
  { what: "as the receipt is written", type: "change-started", key: /^receipt$/ },
  { what: "once the receipt is written", type: "change-done", key: /^receipt$/ },
  { what: "once the first folder is made", type: "change-done", key: /^folder / },
  { what: "once the first file is written", type: "change-done", key: /^file / },
  { what: "once half of the files are written", type: "change-done", key: /^file /, nth: 11 },
  { what: "as a ZooKeeper server starts", type: "change-started", key: /^start .*\/zookeeper$/ },
  { what: "as the last ZooKeeper server starts", type: "change-started", key: /^start .*\/zookeeper$/, nth: 3 },
  { what: "once ZooKeeper has a quorum", type: "change-done", key: /^gate zookeeper$/ },
  { what: "as a broker starts", type: "change-started", key: /^start .*\/broker$/ },
  {
    what: "once two of three brokers serve",
    type: "change-done",
    key: /^start .*\/broker$/,
    nth: 2,
    held: "kafka-3/broker",
  },
];

/** What ran already goes on running; the rest is made. */
async function goesOn(at: Place): Promise<void> {
  const half = await processes(at);
  expect(codesOf(await kctl(at, "up", "--json"))).toEqual([]);
  const after = await processes(at);
  for (const [key, { birth }] of half) expect({ key, birth: after.get(key)?.birth }).toEqual({ key, birth });
  await heals(at, { count: 3 });
}

async function stopHolding(at: Place, moment: NamedMoment, signal: "SIGKILL" | "SIGINT"): Promise<Ended> {
  const stopping = stopAt(at, moment, signal);
  const { held } = moment;
  if (held === undefined) return stopping;
  let pid: number | undefined;
  await expect.poll(async () => (pid = (await processes(at)).get(held)?.pid), { timeout: 60_000 }).toBeDefined();
  if (pid === undefined) throw new Error(`${held} does not run`);
  process.kill(pid, "SIGSTOP");
  try {
    return await stopping;
  } finally {
    process.kill(pid, "SIGCONT");
  }
}

export function killedAt(moment: NamedMoment): void {
  injectFault(25, `SIGKILL to a first \`up\` ${moment.what}`, async () => {
    const at = await placeWithSecret();
    expect((await stopHolding(at, moment, "SIGKILL")).signal).toBe("SIGKILL");
    await goesOn(at);
    return "the next `up` goes on from there; what ran already goes on running";
  });
}

export function interruptedAt(moment: NamedMoment): void {
  injectFault(26, `Ctrl-C to a first \`up\` ${moment.what}`, async () => {
    const at = await placeWithSecret();
    const stopped = await stopHolding(at, moment, "SIGINT");
    expect({ exit: stopped.exit, codes: codesOf(stopped) }).toEqual({ exit: 130, codes: ["interrupted"] });
    const [fault] = stopped.result?.["errors"] as { what: string }[];
    expect(fault?.what).toMatch(
      /^interrupted; left to do: .*start broker \d on kafka-\d|^interrupted; left to do: .* and \d+ more$/,
    );
    await goesOn(at);
    return "exit 130, and what is left to do is named; the next `up` goes on from there";
  });
}
