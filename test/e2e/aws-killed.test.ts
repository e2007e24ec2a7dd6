/** kctl killed at a few calls of EC2, one run after the other; every call has its turn in the full run (test/full/aws-killed.test.ts). */
import { afterAll, beforeAll, describe, expect } from "vitest";
import { injectFault } from "../faults/fault.ts";
import {
  closeCloud,
  destroysAll,
  killAt,
  launched,
  makesMachines,
  openCloud,
  type Cloud,
  type Point,
} from "./aws-kills.ts";

describe("an account", { timeout: 900_000 }, () => {
  let cloud: Cloud;

  beforeAll(async () => {
    cloud = await openCloud();
  }, 300_000);
  afterAll(() => closeCloud(cloud));

  injectFault(
    25,
    "SIGKILL to one `up` after the other in EC2: with the lock, the group, a machine, its host key; then to a `destroy`",
    async () => {
      const points: readonly (Point & { readonly action: string })[] = [
        { action: "ImportKeyPair", call: 1, moment: "done" },
        { action: "CreateSecurityGroup", call: 1, moment: "done" },
        { action: "RunInstances", call: 1, moment: "done" },
        { action: "CreateTags", call: 1, moment: "done" },
      ];
      for (const point of points) expect(await killAt(cloud, "up", point)).toBe(point.action);
      await makesMachines(cloud);
      expect(launched(cloud)).toBe(1);
      expect(await killAt(cloud, "destroy", { action: "DeleteVolume", call: 1, moment: "done" })).toBe("DeleteVolume");
      await destroysAll(cloud);
      return "each takes the lock of the dead one over and goes on from there; one machine is ever launched for the node; `destroy` leaves nothing";
    },
  );
});
