import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  perBrokerOnly,
  settingDifferences,
  untaken,
  type ObservedSettings,
  type SetBefore,
  type SettingDifference,
  type SettingLayers,
} from "../../src/plan/setting-difference.ts";
import type { DesiredLiveSettings } from "../../src/services/desired.ts";
import { isLiveSetting, settingInfo, settingMinors, settingNames } from "../../src/spec/setting-info.ts";

const name = "log.retention.ms";

/** What each broker from 1 is to have; null: nothing of the spec's. */
const wanted = (values: readonly (string | null)[], setting = name): readonly DesiredLiveSettings[] =>
  values.map((value, index) => ({
    broker: index + 1,
    settings: value === null ? {} : { [setting]: { value, from: `kafka.config.${setting}` } },
  }));

const kafkas: SettingLayers = { broker: null, cluster: null, file: null, default: "100" };

/** What each broker from 1 tells; null: it does not. */
const seen = (layers: readonly (Partial<SettingLayers> | null)[], setting = name, elr = false): ObservedSettings => ({
  elr,
  brokers: new Map(
    layers.flatMap((own, index) => (own === null ? [] : [[index + 1, { [setting]: { ...kafkas, ...own } }] as const])),
  ),
});

const nobody: SetBefore = { cluster: [], brokers: {} };
const cluster: SetBefore = { cluster: [name], brokers: {} };
const broker = (...ids: readonly number[]): SetBefore => ({
  cluster: [],
  brokers: Object.fromEntries(ids.map((id) => [String(id), [name]])),
});

const told = (differences: readonly SettingDifference[]): readonly string[] =>
  differences.map(({ broker, from, to }) => `${broker ?? "cluster"}: ${from} -> ${to}`);

type Row = readonly [string, (string | null)[], (Partial<SettingLayers> | null)[], SetBefore, string[]];

describe("a live setting", () => {
  test.each<Row>([
    ["that nobody wants and nobody set is left alone", [null, null], [{}, {}], nobody, []],
    ["that all want is set for the cluster", ["5", "5"], [{}, {}], nobody, ["cluster: null -> 5"]],
    ["that holds already, from the files, is left alone", ["5", "5"], [{ file: "5" }, { file: "5" }], nobody, []],
    [
      "that holds in one file only is set for the cluster",
      ["5", "5"],
      [{ file: "5" }, {}],
      nobody,
      ["cluster: null -> 5"],
    ],
    ["that is Kafka's default is left alone", ["100", "100"], [{}, {}], nobody, []],
    ["that looks different only is left alone", ["+05", "+05"], [{ cluster: "5" }, { cluster: "5" }], cluster, []],
    ["that changed is set again", ["6", "6"], [{ cluster: "5" }, { cluster: "5" }], cluster, ["cluster: 5 -> 6"]],
    [
      "that others set for the cluster gives way to the spec",
      ["6", "6"],
      [
        { cluster: "5", file: "6" },
        { cluster: "5", file: "6" },
      ],
      nobody,
      ["cluster: 5 -> 6"],
    ],
    [
      "that others set on a broker gives way there, and only there",
      ["6", "6"],
      [{ broker: "5", file: "6" }, { file: "6" }],
      nobody,
      ["1: 5 -> 6"],
    ],
    [
      "that kctl set on a broker is taken back where what is below is right",
      ["6", "6"],
      [{ broker: "5" }, {}],
      broker(1),
      ["cluster: null -> 6", "1: 5 -> null"],
    ],
    ["of one node only is set on its broker", ["6", null], [{}, {}], nobody, ["1: null -> 6"]],
    [
      "of a node that differs from the others' is set on each",
      ["6", "5"],
      [{ cluster: "5" }, { cluster: "5" }],
      cluster,
      ["cluster: 5 -> null", "1: null -> 6", "2: null -> 5"],
    ],
    [
      "that is no node's own any more goes back to the cluster's",
      ["5", "5"],
      [{ broker: "6" }, { broker: "5" }],
      broker(1, 2),
      ["cluster: null -> 5", "1: 6 -> null"],
    ],
    [
      "that the spec no longer says is taken back",
      [null, null],
      [{ cluster: "5" }, { cluster: "5" }],
      cluster,
      ["cluster: 5 -> null"],
    ],
    [
      "that the spec no longer says of a node is taken back",
      [null, null],
      [{ broker: "5" }, {}],
      broker(1),
      ["1: 5 -> null"],
    ],
    ["that somebody took back already is left alone", [null, null], [{}, {}], broker(1), []],
    [
      "that others set and the spec does not say is left alone",
      [null, null],
      [{ cluster: "5", broker: "6" }, { cluster: "5" }],
      nobody,
      [],
    ],
    [
      "that others set on one broker stays when kctl takes back its own",
      [null, null],
      [{ cluster: "5", broker: "7" }, { cluster: "5" }],
      cluster,
      ["cluster: 5 -> null"],
    ],
    [
      "that is still in the files that the brokers started with goes back to Kafka's until they start again",
      [null, null],
      [{ file: "5" }, { file: "5" }],
      nobody,
      ["cluster: null -> 100"],
    ],
    ["and stays so while they run", [null, null], [{ file: "5", cluster: "100" }, { cluster: "100" }], cluster, []],
    [
      "and is taken back once all have started again",
      [null, null],
      [{ cluster: "100" }, { cluster: "100" }],
      cluster,
      ["cluster: 100 -> null"],
    ],
    [
      "that others set over such a file is left alone",
      [null, null],
      [
        { file: "5", cluster: "7" },
        { file: "5", cluster: "7" },
      ],
      nobody,
      [],
    ],
    [
      "that others set on a broker over such a file is left alone",
      ["6", null],
      [{ file: "6" }, { file: "5", broker: "7" }],
      nobody,
      [],
    ],
    [
      "that a node's file still has goes back to Kafka's on that broker",
      ["5", null],
      [{ file: "5" }, { file: "5" }],
      nobody,
      ["2: null -> 100"],
    ],
    [
      "that kctl set on a node is taken back although others set it for the cluster",
      ["6", null],
      [
        { cluster: "5", broker: "6" },
        { cluster: "5", broker: "4" },
      ],
      broker(1, 2),
      ["2: 4 -> null"],
    ],
    [
      "that Kafka has no default for cannot go back before a restart",
      [null, null],
      [
        { file: "5", default: null },
        { file: "5", default: null },
      ],
      nobody,
      [],
    ],
    ["is not set because of a broker that does not tell", ["5", "5"], [{ cluster: "5" }, null], cluster, []],
    ["of a broker that does not tell counts as wanted", ["5", null], [{ file: "5" }, null], nobody, []],
    ["is left alone while no broker tells", ["5", "5"], [null, null], cluster, []],
  ])("%s", (_name, values, layers, before, differences) => {
    expect(told(settingDifferences(wanted(values), seen(layers), before))).toEqual(differences);
  });

  test("comes with the key of the spec that it is from; what is taken back with none", () => {
    const two = [
      { broker: 1, settings: { a: { value: "1", from: "nodes.config.a" } } },
      { broker: 2, settings: {} },
    ];
    const both = seen([{}, {}], "a");
    expect(settingDifferences(two, both, { cluster: [], brokers: {} })).toMatchObject([
      { broker: 1, why: "nodes.config.a" },
    ]);
    const set = seen([{ cluster: "5" }], "a");
    expect(settingDifferences([{ broker: 1, settings: {} }], set, { cluster: ["a"], brokers: {} })).toMatchObject([
      { why: null },
    ]);
  });

  test("come in the order of their names, the cluster's first", () => {
    const settings = { b: { value: "1", from: "b" }, a: { value: "1", from: "a" } };
    const other = { ...settings, a: { value: "2", from: "a" } };
    const list = settingDifferences(
      [
        { broker: 1, settings },
        { broker: 2, settings: other },
      ],
      { elr: false, brokers: new Map([1, 2].map((id) => [id, {}])) },
      nobody,
    );
    expect(list.map(({ name: one, broker: id }) => `${id ?? "cluster"} ${one}`)).toEqual(["1 a", "2 a", "cluster b"]);
  });
});

describe("with eligible leader replicas, min.insync.replicas", () => {
  const minIsr = "min.insync.replicas";
  const before = (ours: boolean): SetBefore => ({ cluster: ours ? [minIsr] : [], brokers: {} });
  const one = { default: "1" };
  test.each<readonly [string, (string | null)[], Partial<SettingLayers>[], boolean, string[]]>([
    [
      "is set for the cluster",
      ["2", "2"],
      [
        { ...one, cluster: "1" },
        { ...one, cluster: "1" },
      ],
      false,
      ["cluster: 1 -> 2"],
    ],
    [
      "is the cluster's although one node says it only",
      ["2", null],
      [
        { ...one, cluster: "1" },
        { ...one, cluster: "1" },
      ],
      false,
      ["cluster: 1 -> 2"],
    ],
    [
      "is not set on a broker that differs: Kafka would refuse it",
      ["2", "3"],
      [
        { ...one, cluster: "2" },
        { ...one, cluster: "2" },
      ],
      false,
      [],
    ],
    [
      "is never taken back, but set to Kafka's default",
      [null, null],
      [
        { ...one, cluster: "2" },
        { ...one, cluster: "2" },
      ],
      true,
      ["cluster: 2 -> 1"],
    ],
    [
      "that Kafka took over from the file of the first day is set to its default",
      [null, null],
      [
        { ...one, cluster: "2", file: "2" },
        { ...one, cluster: "2", file: "2" },
      ],
      false,
      ["cluster: 2 -> 1"],
    ],
    [
      "that somebody set otherwise is left alone",
      [null, null],
      [
        { ...one, cluster: "3" },
        { ...one, cluster: "3" },
      ],
      false,
      [],
    ],
  ])("%s", (_name, values, layers, ours, differences) => {
    const list = settingDifferences(wanted(values, minIsr), seen(layers, minIsr, true), before(ours));
    expect(told(list)).toEqual(differences);
  });
});

describe("a setting that Kafka takes on single brokers only", () => {
  const cordoned = "cordoned.log.dirs";
  test("is set on each, although all want the same", () => {
    const list = settingDifferences(
      wanted(["/d", "/d"], cordoned),
      seen([{ default: "" }, { default: "" }], cordoned),
      nobody,
    );
    expect(told(list)).toEqual(["1: null -> /d", "2: null -> /d"]);
  });

  test("these are all that there are", () => {
    const found = settingMinors.flatMap((minor) =>
      [...(settingNames(minor) ?? [])].filter(
        (setting) => isLiveSetting(minor, setting) && settingInfo(minor, setting)?.update === "per-broker",
      ),
    );
    expect(new Set(found)).toEqual(perBrokerOnly);
  });
});

/** Kafka as far as it matters here: what is set where, and what brokers started with. */
type Model = {
  readonly cluster: string | null;
  readonly brokers: readonly { readonly broker: string | null; readonly file: string | null }[];
};

const setting = "log.segment.bytes";
const lookAt = ({ cluster: all, brokers }: Model, elr = false): ObservedSettings =>
  seen(
    brokers.map((own) => ({ ...own, cluster: all })),
    setting,
    elr,
  );

function apply(model: Model, differences: readonly SettingDifference[]): Model {
  let now = model;
  for (const { broker: id, to } of differences) {
    now =
      id === null
        ? { ...now, cluster: to }
        : { ...now, brokers: now.brokers.map((own, index) => (index + 1 === id ? { ...own, broker: to } : own)) };
  }
  return now;
}

const holds = (model: Model): readonly string[] =>
  model.brokers.map(({ broker: own, file }) => own ?? model.cluster ?? file ?? "100");

/** The files are written with every change, and read at a start. */
const restarted = (model: Model, values: readonly (string | null)[]): Model => ({
  ...model,
  brokers: model.brokers.map(({ broker: own }, index) => ({ broker: own, file: values[index] ?? null })),
});

const value = fc.option(fc.constantFrom("1", "2", "100"), { freq: 2 });
const three = <T>(one: fc.Arbitrary<T>) => fc.tuple(one, one, one);
const models = fc.record({ cluster: value, brokers: three(fc.record({ broker: value, file: value })) });
const whose = fc.record({ cluster: fc.boolean(), brokers: three(fc.boolean()) });

type Whose = { readonly cluster: boolean; readonly brokers: readonly boolean[] };

/** The receipt names only what kctl set and what is there. */
const beforeOf = ({ cluster: all, brokers }: Whose, model: Model): SetBefore => ({
  cluster: all && model.cluster !== null ? [setting] : [],
  brokers: Object.fromEntries(
    brokers.flatMap((own, index) =>
      own && model.brokers[index]?.broker !== null ? [[String(index + 1), [setting]] as const] : [],
    ),
  ),
});

const afterwards = (before: SetBefore, differences: readonly SettingDifference[], model: Model): SetBefore => {
  const set = (id: number | null): boolean => differences.some(({ broker: other, to }) => other === id && to !== null);
  return beforeOf(
    {
      cluster: before.cluster.length > 0 || set(null),
      brokers: model.brokers.map((_own, index) => before.brokers[String(index + 1)] !== undefined || set(index + 1)),
    },
    model,
  );
};

describe("a setting that a broker", () => {
  test.each<[string, Partial<SettingLayers> | null, string | null]>([
    ["runs with is taken", { cluster: "5", inForce: "5" }, null],
    ["spells in another way is taken", { cluster: "+05", inForce: "5" }, null],
    ["has a value of its own for is taken", { broker: "6", cluster: "5", inForce: "6" }, null],
    ["has from its file is for a restart to change", { file: "6", inForce: "6" }, null],
    ["does not tell of is not known", { cluster: "5", inForce: null }, null],
    ["that is silent may have taken is not known", null, null],
    ["refused for the cluster is not taken", { cluster: "5", file: "6", inForce: "6" }, "5, not 6"],
    ["refused for itself is not taken", { broker: "5", cluster: "6", inForce: "100" }, "5, not 100"],
  ])("%s", (_what, layers, expected) => {
    const found = untaken(wanted(["5", "5"]), seen([{ cluster: "5", inForce: "5" }, layers]));
    const told = found.map(({ broker: id, set, inForce }) => `${id}: ${set}, not ${inForce}`);
    expect(told).toEqual(expected === null ? [] : [`2: ${expected}`]);
  });
});

describe("of any setting in any state", () => {
  test("what is wanted holds after it, and nothing is left to do, before a restart and after one", () => {
    fc.assert(
      fc.property(models, whose, three(value), (model, mine, values) => {
        const want = wanted(values, setting);
        let now: Model = model;
        let before = beforeOf(mine, model);
        for (const round of ["running", "restarted"]) {
          if (round === "restarted") now = restarted(now, values);
          const first = settingDifferences(want, lookAt(now), before);
          now = apply(now, first);
          before = afterwards(before, first, now);
          for (const [index, one] of values.entries()) if (one !== null) expect(holds(now)[index]).toBe(one);
          expect(settingDifferences(want, lookAt(now), before)).toEqual([]);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("what others set is never touched where the spec says nothing of it; else what is left is Kafka's own", () => {
    fc.assert(
      fc.property(models, whose, (model, mine) => {
        const before = beforeOf(mine, model);
        const nothing = wanted([null, null, null], setting);
        const first = settingDifferences(nothing, lookAt(model), before);
        const now = apply(model, first);
        if (model.cluster !== null && before.cluster.length === 0) expect(now.cluster).toBe(model.cluster);
        for (const [index, { broker: own }] of model.brokers.entries()) {
          const foreign = own !== null && before.brokers[String(index + 1)] === undefined;
          if (foreign) expect(now.brokers[index]?.broker).toBe(own);
          else if (model.cluster === null || before.cluster.length > 0) expect(holds(now)[index]).toBe("100");
        }
        // Once all have started again, nothing of kctl's is left.
        const later = restarted(now, [null, null, null]);
        const known = afterwards(before, first, later);
        const end = apply(later, settingDifferences(nothing, lookAt(later), known));
        expect(
          beforeOf(
            {
              cluster: known.cluster.length > 0,
              brokers: [1, 2, 3].map((id) => known.brokers[String(id)] !== undefined),
            },
            end,
          ),
        ).toEqual(nobody);
      }),
      { numRuns: 2000 },
    );
  });
});
