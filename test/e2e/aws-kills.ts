/** kctl killed at one call of EC2 after the other, and what an independent client finds in the account then. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, inject } from "vitest";
import { lab, type Lab } from "../lab/lab.ts";
import { fetched, kctl, start, type Place, type Run } from "./kctl.ts";
import { codesOf } from "./law.ts";

export type Cloud = { readonly place: Place; readonly lab: Lab };

/** EC2 says that the machine has this much memory, and it has not: once it is made `up` ends, and what comes after costs no time. */
const awsYaml = `name: demo
provider: { type: aws, region: ap-northeast-2, access: { ssh: [203.0.113.1/32] } }
kafka: { version: 4.3.1, heap: 300GiB }
nodes:
  - { name: kafka-1, roles: [controller, broker], instanceType: r7g.16xlarge, volume: { size: 10GiB } }
`;

/** @param simulated machines are launched, and nothing boots */
export async function openCloud({ simulated } = { simulated: false }): Promise<Cloud> {
  const it = await lab({ hosts: 0, ec2: { simulated } });
  const folder = await mkdtemp(join(tmpdir(), "kctl aws-é-"));
  const home = join(folder, "home");
  await mkdir(home);
  const spec = join(folder, "kctl.yaml");
  await writeFile(spec, awsYaml);
  const env = { PATH: process.env["PATH"], HOME: home, KCTL_CACHE: inject("cache"), NO_COLOR: "1" };
  const place = { folder, spec, port: 9092, servers: [], env, inside: it.inside };
  await fetched(place);
  return { lab: it, place };
}

export async function closeCloud(cloud: Cloud | undefined): Promise<void> {
  if (cloud === undefined) return;
  await cloud.lab.stop();
  await rm(cloud.place.folder, { recursive: true, force: true });
}

/** All that is in the region, whoever's it is; of instances those that are not gone. */
const lookAround = `import boto3, json
ec2 = boto3.client("ec2")
tags = lambda given: {tag["Key"]: tag["Value"] for tag in given or []}
node = lambda given: tags(given).get("kctl:node", "")
instances = [one for each in ec2.describe_instances()["Reservations"] for one in each["Instances"]]
print(json.dumps({
  "instances": [
    {"node": node(one["Tags"]), "state": one["State"]["Name"], "tags": sorted(tags(one["Tags"]))}
    for one in instances if one["State"]["Name"] != "terminated"
  ],
  "volumes": sorted([one["Size"], node(one.get("Tags"))] for one in ec2.describe_volumes()["Volumes"]),
  "groups": [
    {"name": one["GroupName"], "rules": sum(len(each["IpRanges"]) + len(each["UserIdGroupPairs"]) for each in one["IpPermissions"])}
    for one in ec2.describe_security_groups()["SecurityGroups"] if one["GroupName"] != "default"
  ],
  "keys": sorted(one["KeyName"] for one in ec2.describe_key_pairs()["KeyPairs"]),
  "interfaces": [node(one["TagSet"]) for one in ec2.describe_network_interfaces()["NetworkInterfaces"]],
}))`;

export const nothing = { instances: [], volumes: [], groups: [], keys: [], interfaces: [] };

const own = ["cluster", "host-key", "ids", "image", "node", "owner", "since", "user"].map((word) => `kctl:${word}`);

/** One machine, which let kctl in and shows a host key of its own, with its disks; a group; a key to log in with. No lock. */
const whole = {
  instances: [{ node: "kafka-1", state: "running", tags: ["Name", ...own] }],
  volumes: [
    [10, "kafka-1"],
    [16, "kafka-1"],
  ],
  groups: [{ name: "kctl-demo", rules: 4 }],
  keys: ["kctl-demo"],
  interfaces: ["kafka-1"],
};

export const around = (cloud: Cloud): Promise<unknown> => cloud.lab.boto(lookAround);

/** Machines that were ever launched. */
export const launched = ({ lab: it }: Cloud): number => it.ec2.instances().length;

/** The machines are made, and one for each node. */
export async function makesMachines(cloud: Cloud): Promise<void> {
  const up = await kctl(cloud.place, "up", "--yes", "--json");
  expect({ exit: up.exit, errors: codesOf(up) }, up.err).toEqual({ exit: 1, errors: ["preflight-failed"] });
  expect(await around(cloud)).toEqual(whole);
}

export async function destroysAll(cloud: Cloud): Promise<void> {
  const destroy = await kctl(cloud.place, "destroy", "--yes", "--json");
  expect({ exit: destroy.exit, errors: destroy.result?.["errors"] }, destroy.err).toEqual({ exit: 0, errors: [] });
  expect(await around(cloud)).toEqual(nothing);
}

/** `begun`: the call gets to EC2 and nothing has come of it; `done`: it has happened, and its answer never comes. */
export type Moment = "begun" | "done";

export type Point = { readonly action?: string; readonly call: number; readonly moment: Moment };

/** @returns what was called just then; null where the command made fewer calls, and ended by itself */
export async function killAt(cloud: Cloud, command: string, { action, call, moment }: Point): Promise<string | null> {
  const { ec2 } = cloud.lab;
  ec2.clearCalls();
  const which = action === undefined ? {} : { action };
  ec2.faults([{ kind: "hold", from: call, applied: moment === "done", ...which }]);
  const run = start(cloud.place, command, "--yes", "--json");
  const held = await untilHeld(cloud, run);
  run.child.kill("SIGKILL");
  await run.ended;
  ec2.faults([]);
  return held;
}

/** @returns the last of so many calls that get no answer; null where the command ended by itself first */
export async function untilHeld({ lab: it }: Cloud, { ended }: Run, count = 1): Promise<string | null> {
  const state = { isOver: false };
  void ended.finally(() => (state.isOver = true));
  const held = (): readonly string[] => it.ec2.calls().flatMap(({ status, action }) => (status === 0 ? [action] : []));
  while (held().length < count && !state.isOver) await delay(20);
  return held()[count - 1] ?? null;
}

/** Whatever it had done by then: the next `up` makes what is missing and no second machine, and `destroy` leaves nothing. */
export async function upGoesOn(cloud: Cloud, point: Point): Promise<string | null> {
  const before = launched(cloud);
  const at = await killAt(cloud, "up", point);
  await makesMachines(cloud);
  expect(launched(cloud) - before, `machines launched for one node, killed at ${at}`).toBe(1);
  await destroysAll(cloud);
  return at;
}

/** The next `up` makes what went, in one machine; then `destroy` leaves nothing. */
export async function upAfterDestroy(cloud: Cloud, point: Point): Promise<string | null> {
  await makesMachines(cloud);
  const before = launched(cloud);
  const at = await killAt(cloud, "destroy", point);
  await makesMachines(cloud);
  expect(launched(cloud) - before, `machines launched for one node, killed at ${at}`).toBe(1);
  await destroysAll(cloud);
  return at;
}

/** The next `destroy` leaves nothing. The machine is launched and no more, which is the same to whoever removes it: it needs no host. */
export async function destroyGoesOn(cloud: Cloud, point: Point): Promise<string | null> {
  expect(await killAt(cloud, "up", { action: "RunInstances", call: 1, moment: "done" })).toBe("RunInstances");
  const at = await killAt(cloud, "destroy", point);
  await destroysAll(cloud);
  return at;
}

/** kctl's own, in the order in which EC2 answered them. */
const callsOf = ({ lab: it }: Cloud): readonly string[] =>
  it.ec2.calls().flatMap(({ agent, action }) => (agent.includes("Boto3") ? [] : [action]));

/** Of an `up` that nobody disturbs. */
export async function callsOfUp(cloud: Cloud): Promise<readonly string[]> {
  cloud.lab.ec2.clearCalls();
  await makesMachines(cloud);
  const calls = callsOf(cloud);
  await destroysAll(cloud);
  return calls;
}

/** Of a `destroy` like those that `destroyGoesOn` kills. */
export async function callsOfDestroy(cloud: Cloud): Promise<readonly string[]> {
  await killAt(cloud, "up", { action: "RunInstances", call: 1, moment: "done" });
  cloud.lab.ec2.clearCalls();
  await destroysAll(cloud);
  return callsOf(cloud);
}
