/** A machine that is still to be made, as a look at it would find it: what a plan shows of it in advance. */
import { knownAfterUp, isKnown } from "../cluster/known-after-up.ts";
import type { DesiredHost, DesiredVolume } from "../services/desired.ts";
import type { ObservedHost, ObservedVolume } from "./observed.ts";

export function freshHost({ node, machine }: DesiredHost): ObservedHost {
  const volume = machine?.volume ?? null;
  const bare = { node, files: {}, folders: {}, processes: {}, ports: {}, identities: {} };
  if (machine === undefined) return bare;
  return {
    ...bare,
    machine: {
      user: false,
      software: {},
      otherSoftware: {},
      leftovers: [],
      java: null,
      javas: [],
      hostsFile: `${knownAfterUp}\n`,
      resolves: {},
      resolveSeconds: 0,
      sysctl: Object.fromEntries(Object.keys(machine.sysctl).map((name) => [name, knownAfterUp])),
      units: {},
      ...(volume === null ? {} : { volume: freshVolume(volume) }),
      receipt: null,
      otherReceipts: {},
    },
  };
}

/** One that is made with the machine is blank; one that a former machine left has its data. */
function freshVolume({ id, sizeBytes }: DesiredVolume): ObservedVolume {
  const content = isKnown(id) ? ({ kind: "own" } as const) : ({ kind: "blank" } as const);
  return {
    device: { path: "", bytes: sizeBytes, content },
    mounts: [],
    inPlace: null,
    fileSystemBytes: null,
    hides: [],
  };
}
