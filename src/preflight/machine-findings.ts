/** What is wrong with one machine by what it says of itself: system, memory, disks, kernel, tools. */
import type { Member } from "../cluster/cluster.ts";
import type { Finding } from "./finding.ts";
import type { DiskFacts, HostFacts } from "./host-facts.ts";
import { systemFindings } from "./system-findings.ts";

export type Machine = {
  /** null: this machine, on which all nodes are. */
  readonly node: string | null;
  /** The servers that are to run there. */
  readonly members: readonly Member[];
  /** Whether it is kctl's to set up. */
  readonly own: boolean;
  readonly facts: HostFacts;
};

/** Of one machine, before it is known whose. */
export type Found = Omit<Finding, "node">;

export function machineFindings(machine: Machine): readonly Finding[] {
  const { node, facts, own } = machine;
  const found = [
    ...(own ? systemFindings(facts) : []),
    ...memoryFindings(machine.members, facts.memoryMiB),
    ...swap(facts),
    ...hugePages(facts),
    ...openFiles(machine),
    ...facts.disks.filter(isFirstOfDevice).flatMap((disk) => diskSpace(disk)),
    ...facts.disks.filter(({ name }) => name === "data").flatMap((disk) => fileSystem(disk)),
  ];
  return found.map((one) => ({ ...one, node }));
}

/** What a JVM takes beside its heap: code, threads, buffers. */
const besideHeapMiB = 256;
/** A broker's reads and writes go through the page cache, which has what is left. */
const mostOfMemory = 0.8;

/** What its memory is too small for; null: it is not known. */
export function memoryFindings(members: readonly Member[], memoryMiB: number | null): readonly Found[] {
  if (memoryMiB === null || members.length === 0) return [];
  const heaps = members.reduce((sum, { heapMiB }) => sum + heapMiB, 0);
  const needed = heaps + members.length * besideHeapMiB;
  const list = members.map(({ key, heapMiB }) => `${key} ${heapMiB}`).join(", ");
  const measured = `${memoryMiB} MiB of memory`;
  const fix = "make the heaps smaller (`kafka.heap`, `zookeeper.heap`, `nodes.heap`), or take a larger machine";
  if (heaps > memoryMiB)
    return [
      {
        id: "memory",
        level: "error",
        what: `the heaps of its servers are larger than its memory (MiB: ${list})`,
        measured,
        wanted: `more than ${heaps} MiB, which is the heaps alone`,
        fix,
      },
    ];
  if (needed <= memoryMiB * mostOfMemory) return [];
  return [
    {
      id: "memory",
      level: "warning",
      what: `little memory is left beside its servers (heaps in MiB: ${list}; each takes some ${besideHeapMiB} more)`,
      measured,
      wanted: `${Math.ceil(needed / mostOfMemory)} MiB, so that a fifth is left for the page cache`,
      fix,
    },
  ];
}

function swap({ swapMiB }: HostFacts): readonly Found[] {
  if (swapMiB === null || swapMiB === 0) return [];
  return [
    {
      id: "swap",
      level: "warning",
      what: "swap is on: a JVM whose heap is swapped out stands still, and is taken for dead",
      measured: `${Math.ceil(swapMiB)} MiB of swap`,
      wanted: "none",
      fix: "`swapoff -a`, and take the line out of /etc/fstab; kctl sets vm.swappiness to 1 on machines of their own",
    },
  ];
}

function hugePages({ hugePages: mode }: HostFacts): readonly Found[] {
  if (mode !== "always") return [];
  return [
    {
      id: "huge-pages",
      level: "warning",
      what: "transparent huge pages are always used: the kernel may stop a JVM while it puts pages together",
      measured: "always",
      wanted: "madvise or never",
      fix: "`echo madvise >/sys/kernel/mm/transparent_hugepage/enabled`, and `transparent_hugepage=madvise` for the kernel at boot",
    },
  ];
}

/** What the units of machines of their own ask for; elsewhere what a broker with few partitions takes. */
const leastFiles = { own: 128_000, shared: 4096 };

function openFiles({ own, facts: { openFiles: files } }: Machine): readonly Found[] {
  const [limit, wanted] = own ? [files.kernel, leastFiles.own] : [files.user, leastFiles.shared];
  if (limit === null || limit >= wanted) return [];
  return [
    {
      id: "open-files",
      level: own ? "error" : "warning",
      what: own
        ? "the kernel lets no process have as many open files as kctl's units ask for"
        : "few files may be open at once: a broker has several for each segment and client",
      measured: String(limit),
      wanted: `at least ${wanted}`,
      fix: own ? `\`sysctl -w fs.nr_open=1048576\`, and the same in /etc/sysctl.d` : `\`ulimit -n ${wanted}\``,
    },
  ];
}

const isFirstOfDevice = ({ device }: DiskFacts, index: number, all: readonly DiskFacts[]): boolean =>
  all.findIndex((other) => other.device === device) === index;

const leastMiB = 512;
const fairMiB = 5 * 1024;
const leastInodes = 10_000;

function diskSpace({ name, path, freeMiB, freeInodes, writable }: DiskFacts): readonly Found[] {
  const where = `${path} (for ${name})`;
  if (!writable)
    return [
      {
        id: "disk-read-only",
        level: "error",
        what: `nothing can be written to ${where}`,
        measured: "read-only",
        wanted: "writable",
        fix: `mount it writable: \`mount -o remount,rw MOUNTPOINT\`; \`findmnt -T ${path}\` shows which`,
      },
    ];
  const fix = `free some space, or mount a larger disk at ${path}; \`df -h ${path}\` and \`df -i ${path}\` show it`;
  if (freeInodes !== null && freeInodes < leastInodes)
    return [
      {
        id: "disk-inodes",
        level: freeInodes === 0 ? "error" : "warning",
        what: `few files can be made on the disk of ${where}`,
        measured: `${freeInodes} inodes free`,
        wanted: `at least ${leastInodes}`,
        fix,
      },
    ];
  if (freeMiB >= fairMiB) return [];
  const isTooLittle = freeMiB < leastMiB;
  return [
    {
      id: "disk-space",
      level: isTooLittle ? "error" : "warning",
      what: `${isTooLittle ? "too little" : "little"} space is free on the disk of ${where}`,
      measured: `${freeMiB} MiB free`,
      wanted: isTooLittle ? `at least ${leastMiB} MiB` : `${fairMiB} MiB, for the data of any real use`,
      fix,
    },
  ];
}

/** By what they do to a log: gone after a reboot, or files that cannot be renamed or mapped as on a disk of the machine. */
const badFileSystems: Readonly<Record<string, string>> = {
  tmpfs: "is memory: the data is gone after a reboot",
  ramfs: "is memory: the data is gone after a reboot",
  nfs: "is on the network: a broker dies of what NFS does to files that are removed while they are open",
  nfs4: "is on the network: a broker dies of what NFS does to files that are removed while they are open",
  smb2: "is on the network: Kafka needs a disk of the machine",
  cifs: "is on the network: Kafka needs a disk of the machine",
  fuseblk: "is one of user space: Kafka needs a file system of the kernel",
};

function fileSystem({ path, type }: DiskFacts): readonly Found[] {
  const why = badFileSystems[type];
  if (why === undefined) return [];
  return [
    {
      id: "file-system",
      level: "warning",
      what: `the file system of ${path} ${why}`,
      measured: type,
      wanted: "ext4 or xfs",
      fix: `mount a disk with ext4 or xfs at ${path}`,
    },
  ];
}
