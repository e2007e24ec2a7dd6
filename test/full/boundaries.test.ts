/** A first `up` of three ZooKeeper servers and three brokers, killed after every one of its changes. */
import { expect } from "vitest";
import { kctl } from "../e2e/kctl.ts";
import { changesOf, heals, placeWithSecret } from "../e2e/law.ts";
import { stopAt } from "../e2e/moment.ts";
import { injectFault } from "../faults/fault.ts";

// One change after the other, so that each boundary is a state of its own.
const inTurn = ["--concurrency", "1"];

injectFault(
  25,
  "SIGKILL to a first `up` after every one of its changes, each in a run of its own",
  async () => {
    const at = await placeWithSecret();
    await kctl(at, "fetch");
    const changes = changesOf(await kctl(at, "plan", "--json"));
    expect(changes.length).toBeGreaterThan(50);
    // After the last one there is nothing left to be killed in: that run may have ended.
    for (let nth = 1; nth < changes.length; nth += 1) {
      const killed = await stopAt(at, { type: "change-done", key: /./, nth }, "SIGKILL", ...inTurn);
      expect({ nth, signal: killed.signal }).toEqual({ nth, signal: "SIGKILL" });
      await heals(at, { count: 3 });
    }
    return "each time the next `up` goes on from there, and `destroy` leaves nothing";
  },
  3_600_000,
);
