/** Asks a service itself whether it serves. */
import { brokerAnswers } from "../kafka/broker-answers.ts";
import { controllerServes } from "../kafka/controller-serves.ts";
import { zookeeperMode } from "../kafka/four-letter.ts";
import type { Probe } from "../services/desired.ts";

export async function serves(probe: Probe, signal: AbortSignal): Promise<boolean> {
  switch (probe.kind) {
    case "zookeeper": {
      const mode = await zookeeperMode(probe.address, probe.port, signal);
      return mode === "leader" || mode === "follower" || mode === "observer" || mode === "standalone";
    }
    case "controller":
      return controllerServes(probe.address, probe.port, signal);
    case "kafka":
      return brokerAnswers(probe.address, probe.port, probe.brokerId, signal);
  }
}
