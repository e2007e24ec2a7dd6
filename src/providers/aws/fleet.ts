/** A cluster's machines in EC2, as operations see them. */
import { StopInstancesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import type { Cluster } from "../../cluster/cluster.ts";
import { cloudChanges } from "../../ec2/cloud-changes.ts";
import { costs, costsText } from "../../ec2/costs.ts";
import { dataVolumeOf, instanceOf, isLive, protectedTag, type SeenCloud } from "../../ec2/seen.ts";
import type { Fleet, FleetMachine, Surroundings } from "../provider.ts";
import { carryOut } from "./carry-out.ts";
import { must, type CloudSession } from "./cloud-session.ts";
import { destroyCloud } from "./destroy-cloud.ts";
import { moveEnd } from "./move-end.ts";
import { protectInstance } from "./protection.ts";
import type { Leases } from "./host-leases.ts";
import { idsInTags } from "./ids-in-tags.ts";
import { watchInstances } from "./instance-watch.ts";
import { judge } from "./judge.ts";

export type FleetParts = {
  readonly session: CloudSession;
  readonly isAbsent: (node: string) => boolean;
  /** Machines that were let go of: they are to be reached anew. */
  readonly forget: (instances: readonly string[]) => void;
  /** Something was changed, and what could not be reached may be by now. */
  readonly changed: () => void;
  readonly looked: () => void;
  /** Machines that go take their leases with them. */
  readonly leases: Pick<Leases, "drop" | "forget">;
  readonly emit: Surroundings["emit"];
};

/** Of what the spec asks for; machines that are there by what they are. */
function costsIn({ want, seen, provider: { prices } }: CloudSession, cluster: Cluster): ReturnType<Fleet["costs"]> {
  const machines = want(cluster).machines.map(({ node, types, volume }) => {
    const instanceType = instanceOf(seen(), node)?.type ?? types[0] ?? "";
    return { node, instanceType, volume };
  });
  const sum = costs(machines, prices);
  return { ...sum, text: costsText(sum, prices) };
}

/** EC2 waits for a machine's own shutdown for some minutes before it ends it by force. */
const endSeconds = 600;

export function fleetOf({ session, isAbsent, forget, changed, looked, leases, emit }: FleetParts): Fleet {
  const { api, spec, signal, timeoutSeconds } = session;
  const untilAll = async (ids: readonly string[], state: "stopped" | "terminated"): Promise<void> => {
    const watch = watchInstances(api, { timeoutSeconds: endSeconds, signal });
    await Promise.all(ids.map((id) => watch.until(id, state, (one) => one.state === state)));
    forget(ids);
    session.stale("everything");
  };
  return {
    look: async () => {
      await session.look();
      looked();
    },
    ids: () => idsInTags(session.seen().instances),
    absent: () => {
      const there = session.seen().instances.flatMap(({ node }) => node ?? []);
      return new Set([...session.bare().nodes.map(({ name }) => name), ...there].filter(isAbsent));
    },
    plan: (cluster) => cloudChanges(session.want(cluster), session.seen(), session.offers()?.subnets.length !== 0),
    judge: (cluster, changes) => judge(session, cluster, changes),
    carryOut: async (change, cluster, options) => {
      await carryOut(session, change, cluster, options);
      changed();
    },
    end: async (node) => {
      const { id, tags } = must(instanceOf(session.seen(), node), node);
      leases.drop(node);
      if (tags[protectedTag] === "true") await protectInstance(session, id, false);
      await api.call((client, options) => client.send(new TerminateInstancesCommand({ InstanceIds: [id] }), options));
      await untilAll([id], "terminated");
    },
    stop: async (nodes) => {
      const ids = nodes.flatMap((node) => {
        const instance = instanceOf(session.seen(), node);
        return instance?.state === "running" ? [instance.id] : [];
      });
      if (ids.length === 0) return 0;
      await api.call((client, options) => client.send(new StopInstancesCommand({ InstanceIds: ids }), options));
      await untilAll(ids, "stopped");
      return ids.length;
    },
    machines: () => machinesIn(session.seen()),
    data: () => session.seen().volumes.map(({ id, node, sizeGiB }) => `${id} (${sizeGiB} GiB of ${node ?? "no node"})`),
    expires: () => session.want(session.bare()).end.expires,
    endAt: (moment) => moveEnd(session, moment, isAbsent),
    costs: (cluster) => costsIn(session, cluster),
    destroy: async ({ keepData }) => {
      const began = performance.now();
      const seconds = (): number => (performance.now() - began) / 1000;
      const done = await destroyCloud(api, {
        cluster: spec.name,
        keepData,
        patienceSeconds: timeoutSeconds,
        signal,
        onRemoved: (what) =>
          emit({ type: "change-done", key: `remove ${what}`, title: `remove ${what}`, seconds: seconds() }),
        onWait: (what) => emit({ type: "waiting", key: "remove", what: `EC2 to remove ${what}`, seconds: seconds() }),
      });
      // Nobody is to be asked on them any more.
      session.update({ instances: [] });
      session.stale("everything");
      leases.forget();
      return done;
    },
  };
}

function machinesIn(seen: SeenCloud): readonly FleetMachine[] {
  return seen.instances.filter(isLive).map(({ node, id, type, zone, state, privateAddress, publicAddress }) => {
    const volume = node === null ? null : dataVolumeOf(seen, node);
    const its = { id, type, zone, state, privateAddress, publicAddress };
    return { node: node ?? "", ...its, volume: volume?.id ?? null };
  });
}
