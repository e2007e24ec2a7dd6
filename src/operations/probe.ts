/** Asks a service itself whether it serves. */
import { brokerAnswers } from "../kafka/broker-answers.ts";
import { burrowServes } from "../kafka/burrow-rest.ts";
import { workerServes } from "../kafka/connect-rest.ts";
import { controllerServes } from "../kafka/controller-serves.ts";
import { zookeeperMode } from "../kafka/four-letter.ts";
import type { DesiredProcess, Probe } from "../services/desired.ts";

export async function serves(probe: Probe, signal: AbortSignal): Promise<boolean> {
  switch (probe.kind) {
    case "zookeeper": {
      const mode = await zookeeperMode(probe.address, probe.port, signal);
      return mode === "leader" || mode === "follower" || mode === "observer" || mode === "standalone";
    }
    case "controller":
      return controllerServes(probe.address, probe.port, signal);
    case "connect":
      return workerServes(probe, signal);
    case "burrow":
      return burrowServes(probe, signal);
    case "kafka":
      return brokerAnswers(probe.address, probe.port, probe.brokerId, signal);
  }
}

/** Those of them that do not serve, brokers left out: they are asked for more than that by `clusterHealth`. */
export async function deafAmong(
  processes: readonly DesiredProcess[],
  signal: AbortSignal,
): Promise<readonly DesiredProcess[]> {
  const asked = processes.filter(({ probe }) => probe.kind !== "kafka");
  const serving = await Promise.all(asked.map(({ probe }) => serves(probe, signal)));
  return asked.filter((_, index) => serving[index] !== true);
}
