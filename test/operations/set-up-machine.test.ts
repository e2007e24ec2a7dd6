/** What setting a machine up asks of it. */
import { expect, test } from "vitest";
import type { Host, MachineHands } from "../../src/hosts/host.ts";
import type { Context } from "../../src/operations/context.ts";
import { setUpMachine } from "../../src/operations/set-up-machine.ts";
import type { Survey } from "../../src/operations/survey.ts";
import type { Change } from "../../src/plan/change.ts";
import type { ObservedFile } from "../../src/plan/observed.ts";

type MachineChange = Extract<Change, { kind: "machine" }>;

const there: ObservedFile = { kind: "file", digest: "0", mode: 0o644, content: null };

test.each([
  ["a unit that was not there is read where systemd does not know it", { kind: "absent" } as const, "read a b"],
  ["for one that was there, systemd reads all again", there, "reload"],
])("%s", async (_, file, told) => {
  const said: string[] = [];
  const say = async (what: string): Promise<void> => void said.push(what);
  const hands: Partial<MachineHands> = {
    enableUnit: (unit) => say(`enable ${unit}`),
    readUnits: (units) => say(`read ${units.join(" ")}`),
    reloadUnits: () => say("reload"),
  };
  const units = [
    { name: "a", path: "/units/a", member: null },
    { name: "b", path: "/units/b", member: null },
  ];
  const host = { node: "kafka-1", machine: hands } as unknown as Host;
  const survey = {
    hosts: new Map([["kafka-1", host]]),
    observed: { hosts: { "kafka-1": { machine: {}, files: { "/units/a": there, "/units/b": file } } } },
    desired: { hosts: [{ node: "kafka-1", machine: { units } }] },
  } as unknown as Survey;
  const change = { kind: "machine", node: "kafka-1", key: "k", title: "t", step: { kind: "unit", unit: "b" } };
  await setUpMachine(
    change as unknown as MachineChange,
    survey,
    { emit: () => undefined } as unknown as Context,
    {} as Parameters<typeof setUpMachine>[3],
  );
  // Enabling is a change that newer ones of systemd must read, too: it comes first.
  expect(said).toEqual(["enable b", told]);
});
