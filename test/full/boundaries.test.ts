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
    const first = await placeWithSecret();
    await kctl(first, "fetch");
    const changes = changesOf(await kctl(first, "plan", "--json"));
    let nth = 0;
    let ended;
    do {
      nth += 1;
      const at = await placeWithSecret();
      ended = await stopAt(at, { type: "change-done", key: /./, nth }, "SIGKILL", ...inTurn);
      await heals(at, { count: 3 });
    } while (ended.signal === "SIGKILL");
    // The last change is followed by so little that a run may end before it is killed.
    expect(ended.exit).toBe(0);
    expect(nth).toBeGreaterThanOrEqual(changes.length - 3);
    expect(changes.length).toBeGreaterThan(50);
    return "each time the next `up` goes on from there, and `destroy` leaves nothing";
  },
  3_600_000,
);
