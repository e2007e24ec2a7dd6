/** The check `brokers-reachable`: every broker answers, and is itself, at the address that it tells its clients. */
import { KctlError, type Fault } from "../../fault.ts";
import { addressText } from "../address.ts";
import { askBrokers } from "../ask-brokers.ts";
import { whoAnswers } from "../broker-answers.ts";
import { nobodyAnswers } from "../nobody-answers.ts";
import { until } from "../until.ts";
import { unreachableWhy, withBroker } from "../wire/exchange.ts";
import { metadata } from "../wire/metadata.ts";
import { requestMs, type Bench, type BrokerAt } from "./bench.ts";

export async function reachBrokers(bench: Bench, expected: number): Promise<readonly BrokerAt[]> {
  const brokers = await listedBrokers(bench, expected);
  const troubles = await Promise.all(brokers.map(async (broker) => ({ broker, why: await whyNot(bench, broker) })));
  const faults = troubles.flatMap(({ broker, why }) => (why === null ? [] : [adviceOn(broker, why)]));
  if (faults.length > 0) throw new KctlError(faults);
  return brokers;
}

/** A broker's view may lag for a moment behind one that just came up; a broker that is really gone does not come back so soon. */
async function listedBrokers(bench: Bench, expected: number): Promise<readonly BrokerAt[]> {
  const addresses = bench.bootstrap.map(({ host, port }) => bench.map(host, port));
  const seen: { ids: readonly number[] } = { ids: [] };
  try {
    return await until(`${expected} brokers`, Math.min(bench.seconds, 5), bench.signal, async () => {
      const enough = (list: readonly unknown[]): boolean => list.length >= expected;
      const answer = await askBrokers(addresses, metadata([]), bench.signal, requestMs(bench), ({ brokers }) =>
        enough(brokers),
      );
      if (answer === null) throw nobodyAnswers(bench);
      seen.ids = answer.brokers.map(({ id }) => id).toSorted((a, b) => a - b);
      if (!enough(answer.brokers)) return { still: `there are ${seen.ids.length}` };
      const brokers = answer.brokers.map(({ id, host, port }) => ({
        id,
        told: { host, port },
        at: bench.map(host, port),
      }));
      return { done: brokers.toSorted((a, b) => a.id - b.id) };
    });
  } catch (error) {
    if (!(error instanceof KctlError) || error.faults[0]?.code !== "timeout") throw error;
    throw new KctlError({
      code: "unhealthy",
      what: `Kafka knows of ${seen.ids.length} of ${expected} brokers${seen.ids.length > 0 ? `: ${seen.ids.join(", ")}` : ""}`,
      fix: "`kctl status` shows which broker is missing; `kctl up` starts it again",
    });
  }
}

/** Why a client that is told this address would not get to this broker; null where it does. */
async function whyNot(bench: Bench, { id, at }: BrokerAt): Promise<string | null> {
  try {
    const who = await withBroker(at, bench.signal, requestMs(bench), (ask) => whoAnswers(ask, id));
    if (who === "itself") return null;
    return who.other === null ? "another broker answers there" : `broker ${who.other} answers there`;
  } catch (error) {
    bench.signal.throwIfAborted();
    return unreachableWhy(error);
  }
}

function adviceOn({ id, told }: BrokerAt, why: string): Fault {
  const wrong = why.endsWith("answers there");
  const address = addressText(told);
  return {
    code: "kafka-unreachable",
    what: wrong
      ? `broker ${id} tells clients ${address}, but ${why}`
      : `broker ${id} tells clients ${address}, which cannot be reached from here: ${why}`,
    where: address,
    fix: "see with `kctl status` whether the broker runs; if it does, let kafka.clients.advertise name an address that clients can reach",
  };
}

/** After a check failed: the brokers that have stopped answering since they were reached. */
export async function silentBrokers(bench: Bench): Promise<readonly Fault[]> {
  const all = await Promise.all(bench.brokers.map(async (broker) => ({ broker, why: await whyNot(bench, broker) })));
  return all.flatMap(({ broker: { id, told }, why }): Fault[] => {
    if (why === null) return [];
    const where = addressText(told);
    const what = `broker ${id} at ${where} stopped answering during the smoke test: ${why}`;
    return [{ code: "kafka-unreachable", what, where, fix: "its log says why; `kctl up` starts it again" }];
  });
}
