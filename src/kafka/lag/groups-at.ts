/** The consumer groups that one broker coordinates: their members, what these have, and what was committed. */
import { KctlError } from "../../fault.ts";
import { addressText, type Address } from "../address.ts";
import type { AskAt } from "../hold-brokers.ts";
import { askApiVersions, highestOf } from "../wire/api-versions.ts";
import { consumerGroupDescribe } from "../wire/consumer-group-describe.ts";
import { assignedTopics, type Assigned } from "../wire/consumer-protocol.ts";
import { describeGroups, type DescribedMember } from "../wire/describe-groups.ts";
import { errorName, refusal } from "../wire/error-names.ts";
import { listTypedGroups, type ListedGroup } from "../wire/list-groups.ts";
import { offsetFetchGroups, type GroupOffsets } from "../wire/offset-fetch-groups.ts";
import type { TopicPartition } from "./leaders.ts";

export type Owner = { readonly id: string; readonly clientId: string; readonly clientHost: string };

export type CoordinatedGroup = {
  readonly group: string;
  /** `consumer` is that of KIP-848. */
  readonly protocol: "classic" | "consumer";
  readonly state: string;
  readonly members: readonly Owner[];
  readonly partitions: readonly (TopicPartition & {
    readonly committed: number | null;
    readonly owner: Owner | null;
  })[];
};

export type GroupsAt = {
  readonly names: readonly string[];
  readonly groups: readonly CoordinatedGroup[];
  /** What it is that will pass, where it cannot tell yet. */
  readonly still: string | null;
};

/** COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR. */
const passing: ReadonlySet<number> = new Set([14, 15, 16]);
/** A group that was deleted between two questions. */
const groupNotFound = 69;
const listGroupsKey = 16;
const offsetFetchKey = 9;

/** @param only null: all of them */
export async function groupsAt(at: Address, only: string | null, askAt: AskAt): Promise<GroupsAt> {
  const versions = await askApiVersions((message) => askAt(at, message));
  const version = highestOf(versions, listGroupsKey, [4, 5]);
  if (version === null || highestOf(versions, offsetFetchKey, [8]) === null)
    throw new KctlError({
      code: "kafka-refused",
      what: `${addressText(at)} is older than Kafka 3.0, the first that tells the offsets of many groups at once`,
      where: addressText(at),
    });
  const listed = await askAt(at, listTypedGroups(version));
  if (passing.has(listed.error)) return notYet(at, listed.error);
  if (listed.error !== 0) throw new KctlError(refusal("list the groups", listed));
  const ofConsumers = listed.groups.filter(hasOffsets);
  const names = ofConsumers.map(({ group }) => group);
  const wanted = ofConsumers.filter(({ group }) => only === null || group === only);
  const told = await describe(at, wanted, askAt);
  const errors = [...told.offsets, ...told.described].map(({ error }) => error);
  const why = errors.find((error) => passing.has(error));
  if (why !== undefined) return notYet(at, why);
  const refused = [...told.offsets, ...told.described].find(({ error }) => error !== 0 && error !== groupNotFound);
  if (refused !== undefined) throw new KctlError(refusal(`describe the group ${refused.group}`, refused));
  return { names, groups: joined(told), still: null };
}

function notYet(at: Address, error: number): GroupsAt {
  return { names: [], groups: [], still: `${addressText(at)} answers ${errorName(error)}` };
}

/** Workers of Connect are a group as well, and commit nothing; so it is with share groups. */
function hasOffsets({ type, protocolType }: ListedGroup): boolean {
  return type === "consumer" || (type === "classic" && (protocolType === "consumer" || protocolType === ""));
}

type Described = {
  readonly error: number;
  readonly group: string;
  readonly protocol: CoordinatedGroup["protocol"];
  readonly state: string;
  readonly members: readonly (Owner & { readonly assigned: readonly Assigned[] })[];
};

type Told = { readonly described: readonly Described[]; readonly offsets: readonly GroupOffsets[] };

/** Three questions that are sent at once. */
async function describe(at: Address, groups: readonly ListedGroup[], askAt: AskAt): Promise<Told> {
  const named = (type: string): readonly string[] => groups.flatMap((one) => (one.type === type ? [one.group] : []));
  const [classic, consumer] = [named("classic"), named("consumer")];
  const [ofClassic, ofConsumer, offsets] = await Promise.all([
    classic.length === 0 ? [] : askAt(at, describeGroups(classic)),
    consumer.length === 0 ? [] : askAt(at, consumerGroupDescribe(consumer)),
    groups.length === 0 ? [] : askAt(at, offsetFetchGroups(groups.map(({ group }) => group))),
  ]);
  return {
    described: [
      ...ofClassic.map((one) => ({
        ...one,
        protocol: "classic" as const,
        members: one.members.map((member) => classicMember(member, one.protocolType)),
      })),
      ...ofConsumer.map((one) => ({ ...one, protocol: "consumer" as const })),
    ],
    offsets,
  };
}

function classicMember(
  { id, clientId, clientHost, assignment }: DescribedMember,
  protocolType: string,
): Described["members"][number] {
  return { id, clientId, clientHost, assigned: protocolType === "consumer" ? readable(assignment) : [] };
}

/** The bytes are the consumers' own affair: those of a client that writes them otherwise tell nothing. */
function readable(assignment: Buffer): readonly Assigned[] {
  try {
    return assignedTopics(assignment);
  } catch {
    return [];
  }
}

function joined({ described, offsets }: Told): readonly CoordinatedGroup[] {
  const committedBy = new Map(offsets.map(({ group, committed }) => [group, committed]));
  return described.flatMap(({ error, group, protocol, state, members }): readonly CoordinatedGroup[] => {
    if (error === groupNotFound) return [];
    const owners = new Map<string, Owner>();
    const partitions = new Map<string, CoordinatedGroup["partitions"][number]>();
    for (const { assigned, id, clientId, clientHost } of members)
      for (const { topic, partitions: indexes } of assigned)
        for (const partition of indexes) {
          const owner = { id, clientId, clientHost };
          owners.set(`${topic} ${partition}`, owner);
          partitions.set(`${topic} ${partition}`, { topic, partition, committed: null, owner });
        }
    for (const { topic, partition, offset } of committedBy.get(group) ?? []) {
      const key = `${topic} ${partition}`;
      partitions.set(key, { topic, partition, committed: Number(offset), owner: owners.get(key) ?? null });
    }
    return [
      {
        group,
        protocol,
        state,
        members: members.map(({ id, clientId, clientHost }) => ({ id, clientId, clientHost })),
        partitions: [...partitions.values()],
      },
    ];
  });
}
