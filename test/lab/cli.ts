/** `npm run lab -- up | run | hosts | host | down`: the lab by hand. See docs/guides/lab.md. */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Ec2Fault } from "./ec2/faults.ts";
import type { Host } from "./host.ts";
import { existingLab, lab, type Lab } from "./lab.ts";
import { removeLab, sweep, type Login } from "./state.ts";

const usage = `npm run lab -- up [--hosts N] [--no-java] [--python] [--login root|admin] [--jump] [--disk MEGABYTES]
npm run lab -- up --ec2 [...]     with EC2 (--simulated: whose instances boot nothing), and no hosts unless told
npm run lab -- run COMMAND...     in the lab's network, with its ~/.ssh
npm run lab -- from outside|INSTANCE COMMAND...   elsewhere in the network of EC2
npm run lab -- ec2 calls|clear    what was called
npm run lab -- ec2 faults FILE    what is to go wrong: a list in JSON (test/lab/ec2/faults.ts)
npm run lab -- hosts              addresses, keys, logs
npm run lab -- host NAME poweroff|poweron|reboot|freeze|thaw|cut|join|fill|unfill
npm run lab -- host NAME slow KILOBYTES_A_SECOND|off
npm run lab -- host NAME run COMMAND   as root, past SSH
npm run lab -- serve FOLDER       at the mirror
npm run lab -- down`;

/** Another name is another lab beside it. */
const name = process.env["KCTL_LAB"] ?? "hand";

function present(): Lab {
  const found = existingLab(name);
  if (found === null) throw new Error("there is no lab: `npm run lab -- up` makes one");
  return found;
}

function tellEc2({ ec2, folder }: Lab): void {
  for (const { id, name: called, state, region, privateAddress, publicAddress } of ec2.instances()) {
    const addresses = `${privateAddress ?? "-"} ${publicAddress ?? "-"}`;
    console.log(`${id} ${called} ${state} ${region} ${addresses}  ${folder}/hosts/${id}/console.log`);
  }
  for (const [variable, value] of Object.entries(ec2.env)) console.log(`${variable}=${value}`);
}

function tell(it: Lab): void {
  const { hosts, jump, login, ssh, mirror, folder } = it;
  for (const host of [...(jump === null ? [] : [jump]), ...hosts]) {
    console.log(`${host.name.padEnd(9)} ${login}@${host.address}  ${folder}/hosts/${host.name}/console.log`);
  }
  console.log(`key       ${ssh.key}\nknown     ${ssh.knownHosts}\nconfig    ${ssh.config}\nmirror    ${mirror.url}`);
  if (existsSync(join(folder, "ec2.json"))) tellEc2(it);
}

async function up(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      hosts: { type: "string" },
      ec2: { type: "boolean", default: false },
      simulated: { type: "boolean", default: false },
      "no-java": { type: "boolean", default: false },
      python: { type: "boolean", default: false },
      login: { type: "string", default: "root" },
      jump: { type: "boolean", default: false },
      disk: { type: "string", default: "16384" },
    },
  });
  if (values.login !== "root" && values.login !== "admin") throw new Error(usage);
  const login: Login = values.login;
  const hosts = Number(values.hosts ?? (values.ec2 ? 0 : 3));
  const least = values.ec2 ? 0 : 1;
  if (!Number.isInteger(hosts) || hosts < least || hosts > 200) {
    throw new Error(`--hosts is a number from ${least} to 200`);
  }
  const { python, jump, simulated } = values;
  const ec2 = values.ec2 && { simulated };
  tell(await lab({ name, hosts, java: !values["no-java"], python, login, jump, disk: Number(values.disk), ec2 }));
}

/** With this terminal; its exit code is the command's. */
async function run(argv: readonly string[], position?: string): Promise<void> {
  if (argv.length === 0) throw new Error(usage);
  const [command, ...args] = present().inside(argv, position);
  const child = spawn(command, args, { stdio: "inherit" });
  // The command gets them from the terminal as well, and decides.
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => signal === "SIGTERM" && child.kill(signal));
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (status, signal) => resolve(status ?? 128 + constants.signals[signal ?? "SIGKILL"]));
  });
}

async function onHost([hostName = "", verb = "", ...rest]: readonly string[]): Promise<void> {
  const { hosts, jump, ec2 } = present();
  const known = [...hosts, ...(jump === null ? [] : [jump])].find((one) => one.name === hostName);
  const host = known ?? (hostName.startsWith("i-") ? ec2.host(hostName) : undefined);
  if (host === undefined) throw new Error(`no host "${hostName}"`);
  const verbs: Readonly<Record<string, (host: Host) => Promise<void>>> = {
    poweroff: (it) => it.powerOff(),
    poweron: (it) => it.powerOn(),
    reboot: (it) => it.reboot(),
    freeze: (it) => it.freeze(),
    thaw: (it) => it.thaw(),
    cut: (it) => it.cut(),
    join: (it) => it.join(),
    fill: (it) => it.fill(),
    unfill: (it) => it.unfill(),
    slow: (it) => it.slow(rest[0] === "off" ? null : Number(rest[0])),
    run: async (it) => void process.stdout.write(await it.run(rest.join(" "))),
  };
  const act = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (act === undefined) throw new Error(usage);
  await act(host);
}

function onEc2([verb = "", file = ""]: readonly string[]): void {
  const { ec2 } = present();
  switch (verb) {
    case "calls":
      for (const { action, status, code, took, at } of ec2.calls())
        console.log(`${new Date(at).toISOString()} ${action} ${status} ${code ?? ""} ${Math.round(took)} ms`);
      return;
    case "clear":
      return ec2.clearCalls();
    case "faults":
      return ec2.faults(JSON.parse(readFileSync(file, "utf8")) as Ec2Fault[]);
    default:
      throw new Error(usage);
  }
}

async function main([verb = "", ...args]: readonly string[]): Promise<void> {
  switch (verb) {
    case "up":
      return up(args);
    case "run":
      return run(args);
    case "from":
      return run(args.slice(1), args[0]);
    case "ec2":
      return onEc2(args);
    case "hosts":
      return tell(present());
    case "host":
      return onHost(args);
    case "serve":
      return present().mirror.serve(args[0] ?? ".");
    case "down":
      await sweep();
      return removeLab(name);
    default:
      throw new Error(usage);
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
