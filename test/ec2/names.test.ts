/** Names that are made of other names: the same for the same, others for others. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clientToken, type TokenOf } from "../../src/ec2/client-token.ts";
import { fileSystemUuid } from "../../src/ec2/volume-uuid.ts";

const of: TokenOf = { cluster: "demo", group: "k", node: "k-1", zone: "eu-central-1a", generation: 0 };

describe("a client token", () => {
  test("stays what it was: a call that is repeated by a newer kctl is the same call", () => {
    expect(clientToken(of)).toBe("kctl-70f6192afeed73ecf982cf291986a60b06a14397f88fbab7");
  });

  test.each<[keyof TokenOf, Partial<TokenOf>]>([
    ["cluster", { cluster: "other" }],
    ["group", { group: "other" }],
    ["node", { node: "k-2" }],
    ["zone", { zone: "eu-central-1b" }],
    ["generation", { generation: 1 }],
  ])("is another one with another %s", (_, over) => {
    expect(clientToken({ ...of, ...over })).not.toBe(clientToken(of));
  });

  test("does not depend on where one name ends and the next begins; EC2 takes it", () => {
    expect(clientToken({ ...of, cluster: "a-b", group: "c" })).not.toBe(
      clientToken({ ...of, cluster: "a", group: "b-c" }),
    );
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.nat(), (group, node, generation) => {
        expect(clientToken({ ...of, group, node, generation })).toMatch(/^[\x21-\x7e]{1,64}$/);
      }),
    );
  });
});

describe("a file system's UUID", () => {
  test("stays what it was", () => {
    expect(fileSystemUuid("vol-0123456789abcdef0")).toBe("c395e60a-d93f-85c3-8598-0426835b3d95");
  });

  test("is one, and another one for another volume", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        expect(fileSystemUuid(one)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(fileSystemUuid(one) === fileSystemUuid(other)).toBe(one === other);
      }),
    );
  });
});
