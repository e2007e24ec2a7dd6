/** What a machine that is kctl's to set up must have for its servers: as plain data. */
import { createHash } from "node:crypto";
import type { Cluster, ClusterNode } from "../cluster/cluster.ts";
import { isKnown, knownAfterUp } from "../cluster/known-after-up.ts";
import type { MachinePlatform } from "../cluster/platform.ts";
import { hostsLines, hostsText } from "../render/hosts-unit.ts";
import { mountUnit, mountUnitName } from "../render/mount-unit.ts";
import { sysctlFile, sysctlSettings } from "../render/sysctl-file.ts";
import { hostsUnitName, systemdUnit, unitName, type UnitInput } from "../render/systemd-unit.ts";
import { javaFor } from "../spec/versions.ts";
import type {
  DesiredFile,
  DesiredFolder,
  DesiredHost,
  DesiredMachine,
  DesiredProcess,
  DesiredVolume,
  HostsBlock,
  Owner,
  Software,
} from "./desired.ts";
import { burrowFolder } from "./burrow-artifact.ts";
import { inputsArgument } from "./member-process.ts";
import { pluginFolder } from "./plugins.ts";
import { service } from "./registry.ts";
import type { ServiceContext } from "./service.ts";

export type MachineInput = {
  readonly cluster: Cluster;
  readonly machine: MachinePlatform;
  readonly templates: ServiceContext["templates"];
  readonly artifacts: readonly Software[];
};

const root: Owner = { user: "root", group: "root" };

/** A host as the services want it, made one of a machine of its own: with owners, units, names and the rest. */
export function onMachine(host: DesiredHost, node: ClusterNode, input: MachineInput): DesiredHost {
  const { cluster, machine, artifacts, templates } = input;
  const servers: Owner = { user: machine.user, group: machine.user };
  const readable: Owner = { user: "root", group: machine.user };
  const isData = (path: string): boolean => host.storedIds.some((stored) => stored.path === path);
  const processes = host.processes.map((process) => withUnit(process, input));
  const units = processes.map((process) => unitFile(process, input));
  const block = hostsBlock(input);
  const settings = sysctlSettings(node.roles, cluster.sysctl);
  const hosts = hostsUnitName(cluster.name);
  const volume = volumeOf(node.name, input);
  const files: readonly DesiredFile[] = [
    // Servers read their configuration and cannot change it.
    ...host.files.map((file): DesiredFile => ({ ...file, owner: isData(file.path) ? servers : readable })),
    ...units,
    ...(volume === null ? [] : [volumeFile(volume, input)]),
    { path: `${machine.cluster}/hosts`, mode: 0o644, content: hostsLines(block), member: null, owner: root },
    {
      path: `${machine.cluster}/restore-hosts`,
      mode: 0o644,
      content: hostsText(templates["restore-hosts.sh"], cluster.name, machine.cluster),
      member: null,
      owner: root,
    },
    {
      path: `${machine.units}/${hosts}`,
      mode: 0o644,
      content: hostsText(templates["hosts.service"], cluster.name, machine.cluster),
      member: null,
      owner: root,
    },
    {
      path: sysctlPath(cluster.name),
      mode: 0o644,
      content: sysctlFile(cluster.name, settings),
      member: null,
      owner: root,
    },
  ];
  const config = new Set(host.processes.map(({ key }) => configFolder(cluster, key)));
  const folders: readonly DesiredFolder[] = [
    ...machine.roots.map((path) => ({ path, mode: 0o755, owner: root })),
    ...host.folders.map((folder) => ({ ...folder, owner: config.has(folder.path) ? readable : servers })),
  ];
  const desired: DesiredMachine = {
    user: machine.user,
    software: artifacts.map((artifact) => ({ artifact, folder: softwareOn(machine, artifact) })),
    java: javaOn(cluster, machine),
    hosts: block,
    sysctl: settings,
    units: [
      ...(volume === null ? [] : [{ name: volume.unit, path: `${machine.units}/${volume.unit}`, member: null }]),
      { name: hosts, path: `${machine.units}/${hosts}`, member: null },
      ...processes.map(({ key, role }) => {
        const name = unitName(cluster.name, role);
        return { name, path: `${machine.units}/${name}`, member: key };
      }),
    ],
    volume,
  };
  return { ...host, processes, files, folders, machine: desired };
}

export function softwareOn({ software }: MachinePlatform, artifact: Software): string {
  switch (artifact.name) {
    case "connect-plugin":
      return `${software}/${pluginFolder(artifact)}`;
    case "burrow":
      return `${software}/${burrowFolder(artifact)}`;
    default:
      return `${software}/${artifact.name}-${artifact.version}`;
  }
}

/** A link to the home of the Java that the cluster runs on. */
export function javaLink({ cluster }: Pick<MachinePlatform, "cluster">): string {
  return `${cluster}/java`;
}

/** All data of the cluster lies on it. */
function volumeOf(node: string, { cluster, machine }: MachineInput): DesiredVolume | null {
  const volume = machine.volumes[node];
  const data = cluster.members.find((member) => member.node === node)?.folders.data;
  if (volume === undefined || data === undefined) return null;
  const mountPoint = machine.roots.find((root) => data.startsWith(`${root}/`));
  if (mountPoint === undefined) throw new RangeError(`${data} lies in no folder of the cluster's`);
  const device = `/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${volume.id.replace("-", "")}`;
  return { ...volume, device, mountPoint, unit: mountUnitName(mountPoint) };
}

function volumeFile(volume: DesiredVolume, { cluster, machine, templates }: MachineInput): DesiredFile {
  return {
    path: `${machine.units}/${volume.unit}`,
    mode: 0o644,
    content: mountUnit(templates["volume.mount"], cluster.name, volume),
    member: null,
    owner: root,
  };
}

function sysctlPath(cluster: string): string {
  return `/etc/sysctl.d/90-kctl-${cluster}.conf`;
}

function javaOn(cluster: Cluster, machine: MachinePlatform): DesiredMachine["java"] {
  const range = javaRange(cluster);
  const unpacked = `${machine.software}/java-${range.best}`;
  return { link: javaLink(machine), unpacked, home: cluster.javaHome, ...range };
}

function javaRange({ kafkaVersion, javaVersion }: Cluster): Pick<DesiredMachine["java"], "least" | "best" | "most"> {
  if (javaVersion !== null) return { least: javaVersion, best: javaVersion, most: javaVersion };
  const { minimum, recommended, maximum } = javaFor(kafkaVersion);
  return { least: minimum, best: recommended, most: maximum };
}

function configFolder({ members }: Cluster, key: string): string {
  return members.find((member) => member.key === key)?.folders.config ?? "";
}

/** A unit that says something else needs a restart to take hold, so it is a part of what the process started with. */
function withUnit(process: DesiredProcess, input: MachineInput): DesiredProcess {
  const mine = inputsArgument(process.inputs);
  const bare = { ...process, argv: process.argv.filter((argument) => argument !== mine) };
  const text = systemdUnit(bare, unitInput(process, input));
  const digest = createHash("sha256").update(process.inputs).update(text).digest("hex").slice(0, 24);
  const inputs = isKnown(process.inputs) ? digest : knownAfterUp;
  return {
    ...process,
    inputs,
    argv: process.argv.map((argument) => (argument === mine ? inputsArgument(inputs) : argument)),
    // What a JVM says before its log is up, or as it crashes, is the journal's.
    console: `journal:${unitName(input.cluster.name, process.role)}`,
  };
}

function unitFile(process: DesiredProcess, input: MachineInput): DesiredFile {
  return {
    path: `${input.machine.units}/${unitName(input.cluster.name, process.role)}`,
    mode: 0o644,
    content: systemdUnit(process, unitInput(process, input)),
    member: process.key,
    owner: root,
  };
}

function unitInput({ key, node, role }: DesiredProcess, input: MachineInput): UnitInput {
  const { cluster, machine, templates } = input;
  const folders = cluster.members.find((member) => member.key === key)?.folders;
  if (folders === undefined) throw new RangeError(`${key} is no member of ${cluster.name}`);
  const { data, log, run } = folders;
  return {
    cluster: cluster.name,
    user: machine.user,
    data,
    needs: service(role).needs(cluster),
    writable: [data, log, run],
    mountPoint: volumeOf(node, input)?.mountPoint ?? null,
    template: templates["server.service"],
  };
}

function hostsBlock({ cluster, machine }: MachineInput): HostsBlock {
  return {
    cluster: cluster.name,
    entries: cluster.nodes.map(({ name, address }) => ({
      address: machine.addresses[name] ?? address,
      names: [name, `${name}.${cluster.name}`],
    })),
  };
}
