/** What a machine's data volume needs: formatted once where it is blank, mounted, grown; and what keeps kctl from it. */
import type { Fault } from "../fault.ts";
import type { DesiredMachine, DesiredState, DesiredVolume } from "../services/desired.ts";
import type { MachineStep } from "./change.ts";
import type { ObservedMachine, ObservedState, ObservedVolume } from "./observed.ts";
import type { Receipt } from "./receipt.ts";

type VolumeStep = Extract<MachineStep, { kind: "volume" }>;

/** A file system ends a little before its disk; disks grow by whole GiB. */
const growsFrom = 64 * 1024 ** 2;

const gibibytes = (bytes: number): string => `${Math.floor(bytes / 1024 ** 3)} GiB`;

/** With their titles, in order. */
export function volumeSteps(
  { volume }: Pick<DesiredMachine, "volume">,
  { volume: seen }: Pick<ObservedMachine, "volume">,
): readonly { readonly step: VolumeStep; readonly title: string }[] {
  if (volume === null || seen === undefined) return [];
  const step = (work: VolumeStep["work"], title: string): { step: VolumeStep; title: string } => ({
    step: { kind: "volume", work, volume },
    title,
  });
  const { id, mountPoint, sizeBytes } = volume;
  if (seen.device === null) return [step("await", `wait for the data volume ${id}`)];
  const { content, bytes } = seen.device;
  if (content.kind === "other") return [];
  const mount = step("mount", `mount the data volume ${id}`);
  if (content.kind === "blank") return [step("format", `format the data volume ${id} (XFS)`), mount];
  if (!seen.mounts.includes(mountPoint)) return [mount];
  const size = Math.max(sizeBytes, bytes);
  const grows = seen.fileSystemBytes !== null && size - seen.fileSystemBytes >= growsFrom;
  return grows ? [step("grow", `grow the file system of ${id} to ${gibibytes(size)}`)] : [];
}

/** Nodes whose data cannot be seen, since it lies on a volume that is not mounted: who they are, and whether they ran, is not known. */
export function unseenVolumes(
  { hosts }: Pick<DesiredState, "hosts">,
  observed: Pick<ObservedState, "hosts">,
): readonly string[] {
  return hosts.flatMap(({ node, machine }) => {
    const seen = observed.hosts[node]?.machine?.volume;
    if (seen === undefined || machine === undefined || machine.volume === null) return [];
    const isMounted = seen.mounts.includes(machine.volume.mountPoint);
    return seen.device?.content.kind === "blank" || isMounted ? [] : [node];
  });
}

/** What kctl writes down of a volume once it has its file system. */
export const recordOfVolume = ({ id }: Pick<DesiredVolume, "id">): string => `volume ${id}`;

export function volumeObstacles(
  desired: DesiredState,
  { hosts }: Pick<ObservedState, "hosts">,
  receipt: Receipt | null,
): readonly Fault[] {
  return desired.hosts.flatMap(({ node, machine }): readonly Fault[] => {
    const seen = hosts[node]?.machine?.volume;
    if (seen === undefined || machine === undefined || machine.volume === null) return [];
    const wasFormatted = receipt?.machines?.[node]?.made.includes(recordOfVolume(machine.volume)) === true;
    return volumeTroubles(machine.volume, seen, wasFormatted).map((trouble) => ({
      code: "volume-conflict",
      node,
      ...trouble,
    }));
  });
}

type Trouble = Pick<Fault, "where" | "what" | "fix">;

const again = "then run the same command again";

function volumeTroubles(volume: DesiredVolume, seen: ObservedVolume, wasFormatted: boolean): readonly Trouble[] {
  const { id, mountPoint } = volume;
  const { device, mounts, inPlace } = seen;
  const isMounted = mounts.includes(mountPoint) && inPlace === null;
  const elsewhere = mounts.find((path) => path !== mountPoint);
  return [
    ...(device === null ? [] : contentTroubles(volume, device, wasFormatted)),
    ...(inPlace === null
      ? []
      : [
          {
            where: mountPoint,
            what: `${inPlace} is mounted at ${mountPoint}, where the data volume ${id} belongs`,
            fix: `copy what is needed of it, \`umount ${mountPoint}\` and take it out of /etc/fstab, ${again}`,
          },
        ]),
    ...(isMounted || elsewhere === undefined
      ? []
      : [
          {
            where: elsewhere,
            what: `the data volume ${id} is mounted at ${elsewhere}, and it belongs at ${mountPoint}`,
            fix: `\`umount ${elsewhere}\`, ${again}`,
          },
        ]),
    ...(isMounted || seen.hides.length === 0 ? [] : [hiding(volume, seen.hides)]),
  ];
}

function contentTroubles(
  { id, uuid }: DesiredVolume,
  { path, content }: NonNullable<ObservedVolume["device"]>,
  wasFormatted: boolean,
): readonly Trouble[] {
  if (content.kind === "other")
    return [
      {
        where: path,
        what: `the data volume ${id} holds ${content.what}, which kctl did not put there: it is not formatted`,
        fix: `if nobody needs that, \`wipefs --all ${path}\` and \`dd if=/dev/zero of=${path} bs=1M count=1\`; if it is the copy of a volume of this cluster, \`xfs_admin -U ${uuid} ${path}\`; ${again}`,
      },
    ];
  if (content.kind === "own" || !wasFormatted) return [];
  return [
    {
      where: path,
      what: `the data volume ${id} was formatted for this cluster, and is blank now: what it held is gone`,
      fix: "put it back from a snapshot; or, where the data is not needed, `kctl destroy`, then `kctl up`",
    },
  ];
}

function hiding({ id, mountPoint }: DesiredVolume, files: readonly string[]): Trouble {
  return {
    where: mountPoint,
    what: `there are files in ${mountPoint} on the machine's own disk, which the data volume ${id} would hide: ${files.join(", ")}`,
    fix: `see what they are: \`mv ${mountPoint} ${mountPoint}.before\` keeps them aside; ${again}, and copy back what belongs to the cluster`,
  };
}
