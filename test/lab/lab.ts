/** The lab: real Debian hosts with systemd in a network namespace of their own, which tests and people reach over SSH. */
import { spawn, type SpawnOptions } from "node:child_process";
import { appendFileSync, chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { prepareBase, type Base } from "./base.ts";
import { makeOperatorGroup } from "./cgroups.ts";
import { ec2Of, exportEnvironment, startEc2, type Ec2 } from "./ec2/ec2.ts";
import { prepareMoto } from "./ec2/moto.ts";
import { hostOf, init, type Host } from "./host.ts";
import { startMirror, type Mirror, mirrorOf } from "./mirror.ts";
import { thisProcess, tool } from "./processes.ts";
import {
  claim,
  folderOf,
  inside,
  namespaceOf,
  outsideOf,
  readRecord,
  removeLab,
  sweep,
  writeRecord,
  type Ec2Record,
  type HostRecord,
  type LabRecord,
  type Login,
} from "./state.ts";

export type Wish = {
  /** How many; kafka-1 at 10.77.0.11 is the first. */
  readonly hosts?: number;
  /** Whether Java is installed on them. */
  readonly java?: boolean;
  readonly login?: Login;
  /** Whether they have Python, which others than kctl need. */
  readonly python?: boolean;
  /** The user-data of cloud-init, which the hosts then have (without Java), and which runs when they boot; "#cloud-config\n" asks nothing. */
  readonly userData?: string;
  /** A host `jump` at 10.77.0.10, past which the operator reaches no other. */
  readonly jump?: boolean;
  /** Of each host's disk, in megabytes. */
  readonly disk?: number;
  /** EC2, whose instances are hosts of the lab, or which only says so. */
  readonly ec2?: boolean | { readonly simulated: boolean };
  /** What `npm run lab -- up` makes has a name, and outlives the process. */
  readonly name?: string;
};

export type Ended = { readonly status: number | null; readonly stdout: string; readonly stderr: string };

export type RunOptions = {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly input?: string;
};

export type Lab = {
  readonly id: string;
  readonly folder: string;
  readonly login: Login;
  readonly hosts: readonly Host[];
  readonly jump: Host | null;
  readonly ssh: { readonly folder: string; readonly key: string; readonly knownHosts: string; readonly config: string };
  readonly mirror: Mirror;
  /** The command line that runs another one inside, with the lab's ~/.ssh in the place of the user's; from where runFrom does, if told. */
  readonly inside: (argv: readonly string[], position?: string) => readonly [string, ...string[]];
  readonly run: (argv: readonly string[], options?: RunOptions) => Promise<Ended>;
  /** Of a lab with EC2: from "outside", 192.0.2.10, whom nobody knows, or from an instance's place in the network. */
  readonly runFrom: (position: string, argv: readonly string[], options?: RunOptions) => Promise<Ended>;
  /** Of a lab with EC2: Python with boto3, which prints JSON. */
  readonly boto: (script: string) => Promise<unknown>;
  readonly ec2: Ec2;
  readonly stop: () => Promise<void>;
};

let labs = 0;

const sshFolder = (id: string): string => join(folderOf(id), "ssh");

/** The lab's ~/.ssh is in the place of the user's, and of that of any other HOME that has none of its own. */
const enterScript = `
echo $$ >"$1/cgroup.procs"
put() { mkdir -p -m 700 "$1/.ssh" && mount --bind "$ssh" "$1/.ssh"; }
ssh=$2
put "$3"
[ -z "$4" ] || { ${exportEnvironment}
}
[ "\${HOME:-$3}" = "$3" ] || [ -n "$(ls -A "$HOME/.ssh" 2>/dev/null)" ] || put "$HOME"
shift 4
exec "$@"`;

/** Runs a command in the lab's network; it is counted among the lab's processes, and so ends with it. */
function enter(
  { id, ec2 }: LabRecord,
  network: readonly string[],
  argv: readonly string[],
): readonly [string, ...string[]] {
  const group = makeOperatorGroup(`${id}/operator`);
  const [command = "", ...args] = network;
  return [
    command,
    ...args,
    "unshare",
    "--mount",
    "--propagation=private",
    "sh",
    "-ec",
    enterScript,
    "sh",
    group,
    sshFolder(id),
    userInfo().homedir,
    ec2 === null ? "" : "ec2",
    ...argv,
  ];
}

/** The command that runs another one there. */
function positionOf(record: LabRecord, position: string): readonly string[] {
  if (position === "outside") return ["nsenter", `--net=/run/netns/${outsideOf(record.id)}`];
  const pid = init(record, position);
  if (pid === null) throw new Error(`${position} is off`);
  return ["nsenter", `--net=/proc/${pid}/ns/net`];
}

async function boto(record: LabRecord, run: Lab["run"], script: string): Promise<unknown> {
  const env = { AWS_DEFAULT_REGION: "ap-northeast-2", ...process.env };
  const { status, stdout, stderr } = await run([record.ec2?.python ?? "python3", "-"], { input: script, env });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as unknown;
}

function openLab(record: LabRecord): Lab {
  const { id, login } = record;
  const folder = sshFolder(id);
  const line: Lab["inside"] = (argv, position) =>
    enter(record, position === undefined ? inside(id) : positionOf(record, position), argv);
  const runIn = ([command, ...args]: readonly [string, ...string[]], options: RunOptions = {}): Promise<Ended> => {
    const { env = process.env, cwd, input = "" } = options;
    return runToEnd(command, args, { env, stdio: "pipe", ...(cwd === undefined ? {} : { cwd }) }, input);
  };
  const run: Lab["run"] = (argv, options) => runIn(line(argv), options);
  return {
    id,
    folder: folderOf(id),
    login,
    hosts: record.hosts.map((host) => hostOf(record, host)),
    jump: record.jump === null ? null : hostOf(record, record.jump),
    ssh: {
      folder,
      key: join(folder, "id_ed25519"),
      knownHosts: join(folder, "known_hosts"),
      config: join(folder, "config"),
    },
    mirror: mirrorOf(id),
    inside: line,
    run,
    runFrom: (position, argv, options) => runIn(line(argv, position), options),
    boto: (script) => boto(record, run, script),
    ec2: ec2Of(record),
    stop: () => removeLab(id),
  };
}

async function runToEnd(
  command: string,
  args: readonly string[],
  options: SpawnOptions,
  input: string,
): Promise<Ended> {
  const child = spawn(command, args, options);
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  // One that ends without reading is its own affair.
  child.stdin?.on("error", () => undefined).end(input);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve({ status, stdout, stderr }));
  });
}

async function makeNetwork(id: string, behindJump: boolean): Promise<void> {
  await tool("ip", "netns", "add", namespaceOf(id));
  const [command = "", ...args] = inside(id);
  const wall = behindJump
    ? `nft -f - <<'.'
table inet lab {
  chain output {
    type filter hook output priority filter
    ip daddr { 10.77.0.1, 10.77.0.10 } accept
    ip daddr 10.77.0.0/24 tcp flags & (syn | ack) == syn drop
    ip daddr 10.77.0.0/24 icmp type echo-request drop
  }
}
.`
    : "";
  await tool(
    command,
    ...args,
    "sh",
    "-ec",
    `
ip link set lo up
ip link add lab address 02:00:00:00:00:01 type bridge forward_delay 0
ip address add 10.77.0.1/24 dev lab
ip link set lab up
${wall}`,
  );
}

/** As root's, with the mode. */
type Write = (path: string, text: string, mode?: number) => void;

const writerTo =
  (upper: string): Write =>
  (path, text, mode = 0o644) => {
    const file = join(upper, path);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, text);
    chmodSync(file, mode);
  };

/** What cloud-init finds in the place of a cloud. It leaves network and keys as they are, unless the user-data says otherwise. */
function writeSeed(write: Write, { name }: HostRecord, userData: string): void {
  write("var/lib/cloud/seed/nocloud/meta-data", `instance-id: ${name}\nlocal-hostname: ${name}\n`);
  write("var/lib/cloud/seed/nocloud/user-data", userData);
  const settings = [
    "datasource_list: [NoCloud]",
    "network: { config: disabled }",
    "ssh_deletekeys: false",
    "disable_root: false",
    "locale: false",
  ];
  write("etc/cloud/cloud.cfg.d/95-lab.cfg", `${settings.join("\n")}\n`);
}

/** The files by which a host is itself: name, address, keys, and who may log in. They lie in its upper layer before it first boots. */
function writeIdentity(write: Write, { name, address }: HostRecord, login: Login, publicKey: string): void {
  write("etc/hostname", `${name}\n`);
  write(
    "etc/hosts",
    `127.0.0.1\tlocalhost\n127.0.1.1\t${name}\n\n::1\tlocalhost ip6-localhost ip6-loopback\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n`,
  );
  // Nobody is asked for IPv6: waiting for the answer would put off network-online.target by twelve seconds.
  write(
    "etc/systemd/network/10-host0.network",
    `[Match]\nName=host0\n\n[Network]\nAddress=${address}/24\nGateway=10.77.0.1\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n`,
  );
  write(
    "etc/ssh/sshd_config.d/lab.conf",
    `PermitRootLogin ${login === "root" ? "prohibit-password" : "no"}\nPasswordAuthentication no\n`,
  );
  if (login === "admin") write("etc/sudoers.d/admin", "admin ALL=(ALL) NOPASSWD:ALL\n", 0o440);
  write(`${login === "root" ? "root" : "home/admin"}/.ssh/authorized_keys`, publicKey, 0o600);
}

/** Its own, and nobody else's to read. */
function closeHome(upper: string, login: Login): void {
  const [home, owner] = login === "root" ? ["root", 0] : ["home/admin", 1000];
  for (const path of [home, `${home}/.ssh`, `${home}/.ssh/authorized_keys`]) chownSync(join(upper, path), owner, owner);
  chmodSync(join(upper, home), login === "root" ? 0o700 : 0o755);
  chmodSync(join(upper, home, ".ssh"), 0o700);
}

async function makeDisk(record: LabRecord, host: HostRecord, wish: Wish): Promise<void> {
  const folder = join(folderOf(record.id), "hosts", host.name);
  const draft = join(folder, "draft");
  for (const name of ["disk", "root", "draft/upper/etc/ssh"]) mkdirSync(join(folder, name), { recursive: true });
  const hostKey = join(draft, "upper/etc/ssh/ssh_host_ed25519_key");
  await tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", `root@${host.name}`, "-f", hostKey);
  const ssh = sshFolder(record.id);
  const write = writerTo(join(draft, "upper"));
  writeIdentity(write, host, record.login, readFileSync(join(ssh, "id_ed25519.pub"), "utf8"));
  closeHome(join(draft, "upper"), record.login);
  if (wish.userData !== undefined) writeSeed(write, host, wish.userData);
  // It comes with cloud-init, which is then not to run.
  else if (wish.python === true) write("etc/cloud/cloud-init.disabled", "");
  const [type, key] = readFileSync(`${hostKey}.pub`, "utf8").split(" ");
  appendFileSync(join(ssh, "known_hosts"), `${host.address},${host.name} ${type} ${key}\n`);
  const image = join(folder, "disk.img");
  await tool("truncate", `--size=${wish.disk ?? 16 * 1024}M`, image);
  await tool(
    "mkfs.ext4",
    "-q",
    "-m",
    "0",
    "-E",
    "lazy_itable_init=1,lazy_journal_init=1,nodiscard",
    "-d",
    draft,
    image,
  );
}

function writeConfig({ id, hosts, jump, login }: LabRecord): void {
  const one = ({ name, address }: HostRecord): string => `Host ${name}\n  HostName ${address}\n`;
  const all = [...(jump === null ? [] : [jump]), ...hosts];
  const behind =
    jump === null
      ? ""
      : `Host ${hosts.flatMap(({ name, address }) => [name, address]).join(" ")}\n  ProxyJump ${jump.name}\n`;
  const defaults = `Host *\n  User ${login}\n  IdentityFile ${join(sshFolder(id), "id_ed25519")}\n  UserKnownHostsFile ${join(sshFolder(id), "known_hosts")}\n`;
  writeFileSync(join(sshFolder(id), "config"), `${all.map(one).join("")}${behind}${defaults}`, { mode: 0o600 });
}

async function build(record: LabRecord, apt: string, wish: Wish): Promise<Lab> {
  const ssh = sshFolder(record.id);
  mkdirSync(ssh, { mode: 0o700 });
  await tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", join(ssh, "id_ed25519"));
  writeConfig(record);
  await makeNetwork(record.id, record.jump !== null);
  await startMirror(record, apt, wish.name !== undefined);
  if (record.ec2 !== null) await startEc2(record, record.ec2);
  const all = [...record.hosts, ...(record.jump === null ? [] : [record.jump])];
  await Promise.all(all.map((host) => makeDisk(record, host, wish)));
  const lab = openLab(record);
  await Promise.all([...lab.hosts, ...(lab.jump === null ? [] : [lab.jump])].map((host) => host.powerOn()));
  return lab;
}

function layersOf({ root, java, cloud }: Base, wish: Wish): readonly string[] {
  if (wish.userData !== undefined) return [cloud, root];
  return [...(wish.java === false ? [] : [java]), ...(wish.python === true ? [cloud] : []), root];
}

function ec2Record({ root, cloud }: Base, { ec2 = false }: Wish): Ec2Record | null {
  if (ec2 === false) return null;
  return { simulated: ec2 !== true && ec2.simulated, python: prepareMoto(), layers: [cloud, root] };
}

/** Boots fresh hosts. They go with `stop`, and soon after this process has ended, however it did. */
export async function lab(wish: Wish = {}): Promise<Lab> {
  const base = prepareBase();
  await sweep();
  const id = wish.name ?? `t${process.pid}-${(labs += 1)}`;
  const record: LabRecord = {
    id,
    owner: thisProcess(),
    login: wish.login ?? "root",
    jump: wish.jump === true ? { name: "jump", address: "10.77.0.10" } : null,
    hosts: Array.from({ length: wish.hosts ?? 3 }, (_, i) => ({
      name: `kafka-${i + 1}`,
      address: `10.77.0.${i + 11}`,
    })),
    layers: layersOf(base, wish),
    ec2: ec2Record(base, wish),
  };
  claim(record);
  try {
    const made = await build(record, base.apt, wish);
    if (wish.name !== undefined) writeRecord({ ...record, owner: null });
    return made;
  } catch (error) {
    await removeLab(id);
    throw error;
  }
}

export function existingLab(id: string): Lab | null {
  const record = readRecord(id);
  return record === null ? null : openLab(record);
}
