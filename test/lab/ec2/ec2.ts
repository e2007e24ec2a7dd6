/** The lab's EC2 as tests see it: what was called, what is to go wrong, and the hosts behind instances. server.py is what they talk to. */
import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeGroup } from "../cgroups.ts";
import { hostOf, type Host } from "../host.ts";
import { tool, until } from "../processes.ts";
import { folderOf, inside, outsideOf, type Ec2Record, type LabRecord } from "../state.ts";
import type { Ec2Fault } from "./faults.ts";

/** One call of the API, in the order in which they were answered. */
export type Ec2Call = {
  readonly action: string;
  /** In milliseconds, as Date.now. */
  readonly at: number;
  readonly region: string;
  /** As they came: "InstanceId.1". */
  readonly params: Readonly<Record<string, string>>;
  /** Whose call it was. */
  readonly agent: string;
  /** 0: it got no answer. */
  readonly status: number;
  readonly code: string | null;
  readonly took: number;
};

export type Ec2Instance = {
  readonly id: string;
  readonly state: string;
  readonly name: string;
  readonly region: string;
  readonly privateAddress: string | null;
  readonly publicAddress: string | null;
};

export type Ec2 = {
  readonly url: string;
  /** What finds it, and gets in; the lab's commands have it in their environment. */
  readonly env: Readonly<Record<string, string>>;
  /** From now on, in the place of what was said before; counts begin anew. */
  readonly faults: (list: readonly Ec2Fault[]) => void;
  readonly calls: () => readonly Ec2Call[];
  readonly clearCalls: () => void;
  /** Of all regions, those that have gone as well. */
  readonly instances: () => readonly Ec2Instance[];
  readonly host: (instanceId: string) => Host;
  /** The operator comes from another address from now on; 203.0.113.1 at first. */
  readonly moveOperator: (address: string) => Promise<void>;
};

const port = 5556;

const url = `http://10.77.0.1:${port}`;

const env: Readonly<Record<string, string>> = {
  AWS_ENDPOINT_URL_EC2: url,
  AWS_ACCESS_KEY_ID: "lab",
  AWS_SECRET_ACCESS_KEY: "lab",
  AWS_EC2_METADATA_DISABLED: "true",
};

/** A line of sh that sets what is not set. */
export const exportEnvironment = Object.entries(env)
  .map(([name, value]) => `: "\${${name}=${value}}"; export ${name}`)
  .join("\n");

function instances(id: string): readonly Ec2Instance[] {
  return JSON.parse(readFileSync(join(folderOf(id), "ec2-instances.json"), "utf8")) as Ec2Instance[];
}

function hostOfInstance(record: LabRecord, instanceId: string): Host {
  const found = instances(record.id).find(({ id }) => id === instanceId);
  if (found === undefined) throw new Error(`no instance "${instanceId}"`);
  const host = hostOf(record, { name: instanceId, address: found.privateAddress ?? "" });
  const [enter = "", ...entered] = inside(record.id);
  return {
    ...host,
    powerOn: async () => {
      const body = JSON.stringify({ id: instanceId });
      await tool(
        enter,
        ...entered,
        "curl",
        "--fail",
        "--silent",
        "--show-error",
        "--data",
        body,
        `${url}/lab/power-on`,
      );
      await host.untilUp();
    },
  };
}

export function ec2Of(record: LabRecord): Ec2 {
  const folder = folderOf(record.id);
  const log = join(folder, "ec2-calls.jsonl");
  return {
    url,
    env,
    faults: (list) => {
      const file = join(folder, "ec2-faults.json");
      // The same list a second time is another one: it is counted anew.
      writeFileSync(`${file}.new`, JSON.stringify(list) + " ".repeat(told++ % 1000));
      renameSync(`${file}.new`, file);
    },
    calls: () =>
      existsSync(log)
        ? readFileSync(log, "utf8")
            .split("\n")
            // What comes after the last end of a line is still being written.
            .slice(0, -1)
            .map((line) => JSON.parse(line) as Ec2Call)
        : [],
    clearCalls: () => writeFileSync(log, ""),
    instances: () => instances(record.id),
    host: (instanceId) => hostOfInstance(record, instanceId),
    moveOperator: async (address) => {
      const [enter = "", ...entered] = inside(record.id);
      await tool(enter, ...entered, "ip", "address", "replace", `${address}/32`, "dev", "lo");
      await tool(enter, ...entered, "ip", "route", "replace", "198.51.100.0/24", "dev", "ec2", "src", address);
    },
  };
}

let told = 0;

/** Starts it in the lab's network, among the lab's processes. */
export async function startEc2({ id }: LabRecord, { simulated, python, layers }: Ec2Record): Promise<void> {
  const folder = folderOf(id);
  const all = makeGroup(id);
  const [main = ""] = all;
  const supervisor = join(import.meta.dirname, "../host.sh");
  const config = { folder, groups: all, main, layers, supervisor, simulated, port, outside: outsideOf(id) };
  writeFileSync(join(folder, "ec2.json"), JSON.stringify(config));
  const groups = makeGroup(`${id}/ec2`).map((group) => join(group, "cgroup.procs"));
  const [command = "", ...args] = inside(id);
  const script = 'for group in $1; do echo $$ >"$group"; done; shift; exec "$@"';
  const server = join(import.meta.dirname, "server.py");
  const log = openSync(join(folder, "ec2.log"), "a");
  const child = spawn(
    command,
    [...args, "sh", "-ec", script, "sh", groups.join(" "), python, "-B", server, join(folder, "ec2.json")],
    { detached: true, stdio: ["ignore", log, log] },
  );
  closeSync(log);
  let failed: Error | null = null;
  child.once("error", (error) => (failed = error));
  child.once("exit", (status) => (failed = new Error(`the lab's EC2 ended with ${status}: see ${folder}/ec2.log`)));
  await until("the lab's EC2 serves", 120, () => {
    if (failed !== null) throw failed;
    return readFileSync(join(folder, "ec2.log"), "utf8").includes("serves");
  });
  child.unref();
}
