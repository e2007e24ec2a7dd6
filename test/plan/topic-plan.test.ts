import { describe, expect, it } from "vitest";
import type { Topic } from "../../src/cluster/cluster.ts";
import type { TopicAsSeen } from "../../src/plan/topic-difference.ts";
import { topicPlan, type TopicPlan, type TopicsInput } from "../../src/plan/topic-plan.ts";

const wanted = (topic: Partial<Topic> = {}): Topic => ({
  name: "orders",
  partitions: null,
  replicas: null,
  config: {},
  delete: false,
  ...topic,
});

const seen = (name: string, ...replicas: readonly (readonly number[])[]): TopicAsSeen => ({
  name,
  id: `id of ${name}`,
  internal: false,
  partitions: replicas.map((ids, partition) => ({ partition, replicas: ids, isr: ids })),
  settings: {},
  minIsr: 1,
});

const input = (more: Partial<TopicsInput>): TopicsInput => ({
  wanted: [wanted({ replicas: 3 })],
  prune: false,
  observed: [seen("orders", [1])],
  brokers: [1, 2, 3].map((id) => ({ id, rack: null })),
  missing: [],
  underWay: [],
  throttled: [],
  former: { topics: {} },
  throttle: 1000,
  bytesOf: () => 7,
  ...more,
});

const orders = ({ changes }: TopicPlan): readonly string[] =>
  changes.map(
    ({ key, after }) => `${key}${after.length === 0 ? "" : ` after ${after.map((edge) => edge.key).join()}`}`,
  );

const reassignment = ({ changes }: TopicPlan) => changes.find((change) => change.kind === "reassignment");

const begun = { topics: ["orders"], brokers: [1, 2, 3] };
const underWay = [{ topic: "orders", partition: 0, from: [1], to: [1, 2, 3] }];

describe("the order", () => {
  it("of a topic that gets more replicas: they are there before it grows and before it needs them", () => {
    const topic = wanted({ replicas: 3, partitions: 2, config: { "min.insync.replicas": "2" } });
    expect(orders(topicPlan(input({ wanted: [topic] })))).toEqual([
      "reassignment",
      "partitions orders after reassignment",
      "settings of topic orders after partitions orders",
      "partitions orders: keys",
    ]);
  });

  it("of a topic that gets fewer: it needs fewer before they go", () => {
    const topic = wanted({ replicas: 1, config: { "min.insync.replicas": "1" } });
    expect(orders(topicPlan(input({ wanted: [topic], observed: [seen("orders", [1, 2, 3])] })))).toEqual([
      "settings of topic orders",
      "reassignment after settings of topic orders",
    ]);
  });

  it("of a topic that is being moved already: that is finished before it grows, which Kafka refuses meanwhile", () => {
    const plan = topicPlan(
      input({
        wanted: [wanted({ replicas: 3, partitions: 2 })],
        observed: [seen("orders", [1, 2, 3])],
        underWay,
        former: { topics: {}, reassigning: begun },
      }),
    );
    expect(orders(plan)).toEqual(["reassignment", "partitions orders after reassignment", "partitions orders: keys"]);
  });

  it("of several topics: one move for all, and others do not wait for it", () => {
    const plan = topicPlan(
      input({
        wanted: [wanted({ replicas: 3 }), wanted({ name: "b", replicas: 2 }), wanted({ name: "c", partitions: 2 })],
        observed: [seen("orders", [1]), seen("b", [2]), seen("c", [3])],
      }),
    );
    expect(reassignment(plan)).toMatchObject({
      title: "change the number of replicas of orders, b",
      moves: [
        { topic: "orders", from: [1] },
        { topic: "b", from: [2] },
      ],
      bytes: 21,
    });
    expect(orders(plan)).toEqual(["reassignment", "partitions c", "partitions c: keys"]);
  });
});

describe("what a run that was cut off left", () => {
  it("is finished where Kafka is still at it", () => {
    const plan = topicPlan(
      input({ observed: [seen("orders", [1, 2, 3])], underWay, former: { topics: {}, reassigning: begun } }),
    );
    expect(plan.changes).toMatchObject([
      {
        title: "finish moving replicas of orders, which a run that was cut off began",
        moves: [],
        underWay,
        bytes: 14,
        diff: ["~ orders 0: 1 → 1,2,3 (under way)"],
      },
    ]);
  });

  it("is a throttle to take back where Kafka is done", () => {
    const plan = topicPlan(
      input({ observed: [seen("orders", [1, 2, 3])], former: { topics: {}, reassigning: begun } }),
    );
    expect(plan.changes).toMatchObject([
      { title: "take back the throttle of a run that was cut off", moves: [], underWay: [], why: [] },
    ]);
  });

  it("goes elsewhere where the spec says another number by now", () => {
    const plan = topicPlan(
      input({
        wanted: [wanted({ replicas: 1 })],
        observed: [seen("orders", [1, 2, 3])],
        underWay,
        throttled: [1, 2, 3],
        former: { topics: {}, reassigning: begun },
      }),
    );
    expect(plan.refusals).toEqual([]);
    expect(reassignment(plan)).toMatchObject({
      title: "give topic orders 1 replica instead of 3, and finish what a run that was cut off began",
      moves: [{ topic: "orders", partition: 0, from: [1, 2, 3], to: [1] }],
    });
  });

  it("has its throttle for itself: it is not taken for a setting that somebody else made", () => {
    const throttle = { "leader.replication.throttled.replicas": "0:1" };
    const observed = [{ ...seen("orders", [1, 2, 3]), settings: throttle }];
    expect(orders(topicPlan(input({ observed, former: { topics: {}, reassigning: begun } })))).toEqual([
      "reassignment",
    ]);
    expect(orders(topicPlan(input({ observed })))).toEqual(["topic orders: note"]);
  });
});

describe("replicas are not moved", () => {
  const told = (more: Partial<TopicsInput>): readonly string[] => {
    const plan = topicPlan(input(more));
    expect(reassignment(plan)).toBeUndefined();
    return plan.refusals.map(({ what, fix }) => `${what}; ${fix}`);
  };
  const what = "orders has 1 replica a partition, and the spec says 3:";

  it.each<[string, Partial<TopicsInput>, string]>([
    [
      "while a broker is down",
      { missing: [3] },
      `${what} broker 3 is down, and nothing is moved meanwhile; \`kctl up\` starts what is dead; then run it again`,
    ],
    [
      "while somebody else moves them",
      { underWay },
      `${what} somebody else is moving its replicas; wait until that is done, then run it again`,
    ],
    [
      "under somebody else's throttle",
      { throttled: [1, 2] },
      `${what} somebody else has set a throttle on brokers 1, 2; take leader.replication.throttled.rate and follower.replication.throttled.rate back where nothing is being moved, then run it again`,
    ],
    [
      "where somebody else has throttled the topic",
      { observed: [{ ...seen("orders", [1]), settings: { "follower.replication.throttled.replicas": "*" } }] },
      `${what} somebody else has set its follower.replication.throttled.replicas; take that back, then run it again`,
    ],
    [
      "to more than there are brokers",
      { wanted: [wanted({ replicas: 4 })] },
      "orders has 1 replica a partition, and the spec says 4: the cluster has 3 brokers, and each keeps one at most; put replicas back to 1",
    ],
  ])("%s", (_, more, refusal) => {
    expect(told(more)).toEqual([refusal]);
  });
});

describe("a deletion", () => {
  const former = {
    topics: {
      orders: { made: true, id: "id of orders", settings: [] },
      untold: { made: true, id: null, settings: [] },
      anew: { made: true, id: "another", settings: [] },
      configured: { made: false, id: "id of configured", settings: ["retention.ms"] },
    },
  };
  const observed = [
    seen("orders", [1]),
    seen("untold", [1]),
    seen("anew", [1]),
    seen("configured", [1]),
    seen("theirs", [1]),
  ];

  it("by prune is of what kctl made, and of nothing that got its name or settings only", () => {
    const plan = topicPlan(input({ wanted: [], prune: true, observed, former }));
    expect(plan.changes).toMatchObject([
      { kind: "topic-deletion", topic: "orders", id: "id of orders", effect: "data-loss", why: [{ field: "prune" }] },
    ]);
  });

  it("is not planned without prune", () => {
    expect(topicPlan(input({ wanted: [], observed, former })).changes).toEqual([]);
  });
});
