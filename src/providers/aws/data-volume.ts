/** Data volumes seen from EC2: attached to a new machine, changed in size and speed. */
import { setTimeout as delay } from "node:timers/promises";
import {
  AttachVolumeCommand,
  DescribeVolumesCommand,
  DescribeVolumesModificationsCommand,
  ModifyVolumeCommand,
} from "@aws-sdk/client-ec2";
import type { SeenVolume } from "../../ec2/seen.ts";
import type { WantedVolume } from "../../ec2/wanted.ts";
import { KctlError } from "../../fault.ts";
import type { Api } from "./api.ts";
import { codeOf } from "./api-fault.ts";
import { volumeFrom } from "./observe.ts";
import { onceKnown } from "./tags.ts";

const lookAgainMs = 1000;
/** A former machine that is ending holds its volume for a while. */
const attachMs = 300_000;

export async function attachVolume(
  api: Api,
  { volume, instance, device }: { readonly volume: string; readonly instance: string; readonly device: string },
  signal: AbortSignal,
): Promise<void> {
  const began = performance.now();
  for (;;) {
    const { Volumes: [one] = [] } = await api.call((client, options) =>
      client.send(new DescribeVolumesCommand({ Filters: [{ Name: "volume-id", Values: [volume] }] }), options),
    );
    const seen = one === undefined ? null : volumeFrom(one);
    if (seen?.attached?.instance === instance) return;
    if (seen?.attached === null && seen.state === "available") break;
    if (performance.now() - began > attachMs)
      throw new KctlError({
        code: "timeout",
        what: `the volume ${volume} is still held by ${seen?.attached?.instance ?? "nobody that EC2 names"}`,
        fix: "see that machine in the EC2 console; then run the same command again",
      });
    await delay(lookAgainMs, undefined, { signal });
  }
  try {
    // The machine was just launched.
    await onceKnown(
      () =>
        api.call((client, options) =>
          client.send(new AttachVolumeCommand({ VolumeId: volume, InstanceId: instance, Device: device }), options),
        ),
      signal,
    );
  } catch (error) {
    // An answer that was lost: it is attached, or the next look says that it is not.
    if (codeOf(error) !== "VolumeInUse") throw error;
  }
}

/** Until the new size can be used: what EC2 does to it after that goes on while it is in use ("Elastic Volumes", "Monitor the progress"). */
export async function changeVolume(
  api: Api,
  volume: SeenVolume,
  { sizeGiB, type, iops, throughput }: WantedVolume,
  { timeoutSeconds, signal }: { readonly timeoutSeconds: number; readonly signal: AbortSignal },
): Promise<void> {
  await api.call((client, options) =>
    client.send(
      new ModifyVolumeCommand({
        VolumeId: volume.id,
        ...(sizeGiB > volume.sizeGiB ? { Size: sizeGiB } : {}),
        ...(type === volume.type ? {} : { VolumeType: type }),
        ...(iops === null || iops === volume.iops ? {} : { Iops: iops }),
        ...(throughput === null || throughput === volume.throughput ? {} : { Throughput: throughput }),
      }),
      options,
    ),
  );
  const began = performance.now();
  for (;;) {
    const { VolumesModifications: [last] = [] } = await api.call((client, options) =>
      client.send(new DescribeVolumesModificationsCommand({ VolumeIds: [volume.id] }), options),
    );
    const at = last?.ModificationState;
    if (at === "optimizing" || at === "completed") return;
    if (at === "failed" || performance.now() - began > timeoutSeconds * 1000)
      throw new KctlError({
        code: at === "failed" ? "aws-refused" : "timeout",
        what: `the volume ${volume.id} was not changed: ${last?.StatusMessage ?? at ?? "EC2 tells nothing of it"}`,
        fix: "see the volume in the EC2 console; a volume can be changed again six hours after the last time",
      });
    await delay(lookAgainMs, undefined, { signal });
  }
}
