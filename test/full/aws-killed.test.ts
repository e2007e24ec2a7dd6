/** kctl killed with SIGKILL at each call of EC2 in turn, of an `up` and of a `destroy`: before the call does anything, and after it did. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "vitest";
import {
  callsOfDestroy,
  callsOfUp,
  closeCloud,
  destroyGoesOn,
  openCloud,
  upAfterDestroy,
  upGoesOn,
  type Cloud,
  type Moment,
  type Point,
} from "../e2e/aws-kills.ts";
import { injectFault } from "../faults/fault.ts";
import { hasLab } from "../lab/base.ts";

/** Each has an account and hosts of its own. */
const accounts = Number(process.env["KCTL_TEST_ACCOUNTS"] ?? 3);

type Kill = Point & { readonly command: string; readonly at: string };

const kills: Kill[] = [];

afterAll(async () => {
  const both = ["up", "destroy"].every((one) => kills.some(({ command }) => command === one));
  if (both && process.env["KCTL_WRITE_REPORT"] === "1") await writeReport();
});

/** Of each call of a run that nobody disturbs, by its action and how many of that came before: calls side by side have no order. */
function pointsOf(calls: readonly string[]): readonly Required<Point>[] {
  return calls.flatMap((action, at) => {
    const call = calls.slice(0, at + 1).filter((one) => one === action).length;
    return (["begun", "done"] as const).map((moment) => ({ action, call, moment }));
  });
}

const kindsOf = (points: readonly Point[]): ReadonlySet<string> =>
  new Set(points.map(({ action, moment }) => `${action} ${moment}`));

/** Each account takes the next point. How often EC2 is asked whether something is ready is another number each time. */
async function everyCall(
  command: string,
  clouds: readonly Cloud[],
  calls: readonly string[],
  killed: (cloud: Cloud, point: Point) => Promise<string | null>,
): Promise<void> {
  const points = pointsOf(calls);
  const left = [...points];
  const work = async (cloud: Cloud): Promise<void> => {
    for (let point = left.shift(); point !== undefined; point = left.shift()) {
      const at = await killed(cloud, point);
      process.stdout.write(`${command}, ${point.action} ${point.call} ${point.moment}: ${at ?? "ended by itself"}\n`);
      if (at !== null) kills.push({ ...point, command, at });
    }
  };
  const ends = await Promise.allSettled(clouds.map(work));
  expect(ends.flatMap((end) => (end.status === "rejected" ? [String(end.reason)] : []))).toEqual([]);
  expect(kindsOf(kills.filter((kill) => kill.command === command))).toEqual(kindsOf(points));
}

describe.runIf(hasLab()).each([{ simulated: true }, { simulated: false }])(
  "accounts; hosts are simulated: $simulated",
  { timeout: 7_200_000 },
  (options) => {
    let clouds: readonly Cloud[] = [];

    beforeAll(async () => {
      clouds = await Promise.all(Array.from({ length: accounts }, () => openCloud(options)));
    }, 600_000);
    afterAll(async () => {
      await Promise.all(clouds.map(closeCloud));
    }, 600_000);

    if (options.simulated) {
      injectFault(
        25,
        "SIGKILL to a `destroy` in EC2 at each of its calls, before the call does anything and after it did",
        async () => {
          await everyCall("destroy", clouds, await callsOfDestroy(first(clouds)), destroyGoesOn);
          return "its lock is taken over at once; the next `destroy` leaves nothing, by another client's look";
        },
      );
      return;
    }

    injectFault(
      25,
      "SIGKILL to a first `up` in EC2 at each of its calls, before the call does anything and after it did",
      async () => {
        await everyCall("up", clouds, await callsOfUp(first(clouds)), upGoesOn);
        return "its locks are taken over at once, in EC2 and on the host; the next `up` makes what is missing, and no second machine; `destroy` leaves nothing, by another client's look";
      },
    );

    injectFault(25, "SIGKILL to a `destroy` in EC2 at each of its calls that remove something, then `up`", async () => {
      const points = ["TerminateInstances", "DeleteVolume", "DeleteSecurityGroup", "DeleteKeyPair"].map(
        (action): Point & { readonly action: string } => ({ action, call: 1, moment: "done" }),
      );
      const work = async (cloud: Cloud, first: number): Promise<void> => {
        for (const point of points.filter((_, at) => at % clouds.length === first))
          expect(await upAfterDestroy(cloud, point)).toBe(point.action);
      };
      await Promise.all(clouds.map(work));
      return "its lock is taken over at once; `up` makes one machine again, and `destroy` leaves nothing";
    });
  },
);

function first(clouds: readonly Cloud[]): Cloud {
  const [cloud] = clouds;
  if (cloud === undefined) throw new Error("there is no account");
  return cloud;
}

async function writeReport(): Promise<void> {
  const tables = ["up", "destroy"].map((command) => {
    const its = kills.filter((kill) => kill.command === command);
    const actions = [...new Set(its.map(({ at }) => at))];
    const of = (action: string, moment: Moment): number =>
      its.filter((kill) => kill.at === action && kill.moment === moment).length;
    const rows = actions.map((action) => `| ${action} | ${of(action, "begun")} | ${of(action, "done")} |`);
    const sum = (moment: Moment): number => its.filter((kill) => kill.moment === moment).length;
    return `## \`kctl ${command}\`

| call | killed before it did anything | killed after it did |
|---|---|---|
${rows.join("\n")}
| all | ${sum("begun")} | ${sum("done")} |
`;
  });
  await writeFile(
    join(import.meta.dirname, "../../docs/aws-killed.md"),
    `# Killed at every call of EC2

Written by \`KCTL_WRITE_REPORT=1 npx vitest run --project full test/full/aws-killed.test.ts\`, on the packed and installed program, in
[the lab](guides/lab.md)'s EC2: one node with a data volume. kctl was killed with SIGKILL ${kills.length} times, at each call of an \`up\` of its machines and of
a \`destroy\` in turn: once when the call had come to EC2 and done nothing yet, once when it had happened and its answer was not sent.

After each kill the next command was run at once. It took the dead one's locks over, in EC2 and on the host, and made or removed what was
left: ${kills.length} of ${kills.length} times. Never was there a second machine for the node: one launch for each killed \`up\` and the \`up\` after it, counted over all states. What was in the account
after that, and after the last \`destroy\`, was read with boto3: exactly the machine, two volumes, interface, group with its rules and key; then nothing.
\`up\` was tried with a host behind the machine, which kctl logs in to; \`destroy\`, to which that is the same, without.

${tables.join("\n")}`,
  );
}
