/** Looks at the servers of a role, for the decision which of them may be restarted. */
import { membersOf, type Member, type Role } from "../../cluster/cluster.ts";
import { zookeeperMode } from "../../kafka/four-letter.ts";
import { recoveryIn } from "../../kafka/log-recovery.ts";
import { mergeTopics } from "../../kafka/merge-topics.ts";
import { quorumView } from "../../kafka/quorum.ts";
import { topicStates } from "../../kafka/topic-state.ts";
import { kafkaView } from "../../kafka/view.ts";
import type { DesiredProcess } from "../../services/desired.ts";
import { serves } from "../probe.ts";
import type { Survey } from "../survey.ts";
import type { RoleSeen, ServerSeen } from "./decide.ts";

export type Look = (role: Role) => Promise<RoleSeen>;

/** Enough for the lines of a few hundred partitions. */
const tailBytes = 64 * 1024;

/** The looks of one roll: they remember since when a server has been silent. */
export function looker(survey: Survey, signal: AbortSignal): Look {
  const silentSince = new Map<string, number>();
  const silence = (key: string, serving: boolean): number | null => {
    const now = performance.now();
    if (serving) silentSince.delete(key);
    else if (!silentSince.has(key)) silentSince.set(key, now);
    const since = silentSince.get(key);
    return since === undefined ? null : (now - since) / 1000;
  };
  return async (role) => {
    const servers = await Promise.all(
      membersOf(survey.cluster, role).map(async (member) => {
        const process = processOf(survey, member.key);
        return { member, process, silentSeconds: silence(member.key, await serves(process.probe, signal)) };
      }),
    );
    switch (role) {
      case "zookeeper":
        return lookAtZookeepers(servers, signal);
      case "controller":
        return lookAtControllers(servers, signal);
      case "connect":
      case "burrow":
        return { role, servers: servers.map((server) => seen(server, false)) };
      default:
        return lookAtBrokers(servers, survey, signal);
    }
  };
}

type Asked = { readonly member: Member; readonly process: DesiredProcess; readonly silentSeconds: number | null };

function seen({ member: { key, id }, silentSeconds }: Asked, leads: boolean): ServerSeen {
  return { key, id, silentSeconds, leads, recovering: null, registered: true };
}

async function lookAtZookeepers(servers: readonly Asked[], signal: AbortSignal): Promise<RoleSeen> {
  const modes = new Map(
    await Promise.all(
      servers.map(async ({ member, process: { probe } }) => {
        return [member.id, await zookeeperMode(probe.address, probe.port, signal)] as const;
      }),
    ),
  );
  return {
    role: "zookeeper",
    modes,
    servers: servers.map((server) => seen(server, modes.get(server.member.id) === "leader")),
  };
}

const fetchTimeout = "controller.quorum.fetch.timeout.ms";

async function lookAtControllers(servers: readonly Asked[], signal: AbortSignal): Promise<RoleSeen> {
  const addresses = servers.map(({ process: { probe } }) => ({ host: probe.address, port: probe.port }));
  const quorum = await quorumView(addresses, signal);
  const [first] = servers;
  return {
    role: "controller",
    quorum: quorum ?? { leaderId: null, voters: [] },
    fetchTimeoutMs: Number(first?.member.config[fetchTimeout] ?? 2000),
    servers: servers.map((server) => seen(server, quorum?.leaderId === server.member.id)),
  };
}

async function lookAtBrokers(servers: readonly Asked[], survey: Survey, signal: AbortSignal): Promise<RoleSeen> {
  const looked = await Promise.all(
    servers.map(async ({ process: { node, log, probe }, silentSeconds }) => {
      if (silentSeconds !== null) {
        const end = (await survey.hosts.get(node)?.tail(log, tailBytes)) ?? "";
        return { view: null, topics: null, recovering: recoveryIn(end) };
      }
      const address = { host: probe.address, port: probe.port };
      const [view, topics] = await Promise.all([kafkaView([address], signal), topicStates([address], signal)]);
      return { view, topics, recovering: null };
    }),
  );
  const views = looked.flatMap(({ view }) => (view === null ? [] : [view]));
  const topics = looked.flatMap(({ topics }) => (topics === null ? [] : [topics]));
  // A KRaft broker names any of them as the controller.
  const controllers = survey.cluster.quorum === "kraft" ? [] : views.map(({ controllerId }) => controllerId);
  return {
    role: "broker",
    topics: topics.length === 0 ? null : mergeTopics(topics),
    servers: servers.map((server, index) => ({
      ...seen(server, controllers.includes(server.member.id)),
      recovering: looked[index]?.recovering ?? null,
      registered: views.every(({ brokers }) => brokers.some(({ id }) => id === server.member.id)),
    })),
  };
}

export function processOf({ desired }: Pick<Survey, "desired">, key: string): DesiredProcess {
  const found = desired.hosts.flatMap(({ processes }) => processes).find((process) => process.key === key);
  if (found === undefined) throw new RangeError(`${key} is no server of this cluster`);
  return found;
}
