/** Images by name: which is the newest, and who logs in. */
import { describe, expect, test } from "vitest";
import { knownImage, knownImages, newest, userOfImage, type Image } from "../../src/ec2/images.ts";
import { imageNames } from "../../src/spec/provider-schema.ts";

const image = (id: string, over: Partial<Image> = {}): Image => ({
  id,
  name: `debian-12-amd64-${id}`,
  state: "available",
  created: "2026-11-01T00:00:00.000Z",
  deprecated: null,
  ...over,
});
const now = "2026-11-30T00:00:00.000Z";

describe("the newest", () => {
  test.each<[string, readonly Image[], string | null]>([
    [
      "by its date",
      [
        image("a", { created: "2026-10-01T00:00:00.000Z" }),
        image("b"),
        image("c", { created: "2025-11-01T00:00:00.000Z" }),
      ],
      "b",
    ],
    [
      "not one that is not there yet",
      [image("a"), image("b", { created: "2026-11-02T00:00:00.000Z", state: "pending" })],
      "a",
    ],
    [
      "not one that its owner calls outdated",
      [image("a", { deprecated: "2026-11-29T00:00:00.000Z" }), image("b", { created: "2025-01-01T00:00:00.000Z" })],
      "b",
    ],
    ["one that will be outdated later", [image("a", { deprecated: "2027-11-29T00:00:00.000Z" })], "a"],
    ["of two at once the same in any order", [image("b"), image("a")], "b"],
    ["of two at once the same in any order, turned", [image("a"), image("b")], "b"],
    ["of none", [], null],
    ["of unusable ones", [image("a", { state: "failed" })], null],
  ])("%s", (_, images, wanted) => {
    expect(newest(images, now)?.id ?? null).toBe(wanted);
  });
});

/** `*` as DescribeImages reads it. */
function matches(pattern: string, name: string): boolean {
  const escaped = pattern.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll("*", ".*");
  return new RegExp(`^${escaped}$`).test(name);
}

describe("names", () => {
  test("every name that the spec takes is known, and no other", () => {
    expect(Object.keys(knownImages).toSorted()).toEqual([...imageNames].toSorted());
    expect(knownImage("debian-12")?.user).toBe("admin");
    expect([knownImage("constructor"), knownImage("ami-0a1b2c3d")]).toEqual([null, null]);
  });

  test.each([
    ["debian-12", "arm64", "debian-12-arm64-20251112-2294", true],
    ["debian-12", "x86_64", "debian-12-backports-amd64-20251112-2294", false],
    ["debian-13", "x86_64", "debian-13-amd64-20251117-2299", true],
    ["ubuntu-24.04", "x86_64", "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20251022", true],
    ["ubuntu-24.04", "arm64", "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20251022", false],
    ["ubuntu-22.04", "arm64", "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-arm64-server-20251015", true],
    ["amazon-linux-2023", "x86_64", "al2023-ami-2023.2.20230901.0-kernel-6.1-x86_64", true],
    ["amazon-linux-2023", "x86_64", "al2023-ami-minimal-2023.2.20230901.0-kernel-6.1-x86_64", false],
    ["amazon-linux-2023", "arm64", "al2023-ami-ecs-hvm-2023.0.20230901-kernel-6.1-arm64", false],
  ] as const)("%s on %s: %s, %s", (name, architecture, called, wanted) => {
    expect(matches(knownImages[name].pattern[architecture], called)).toBe(wanted);
  });

  test.each([
    [{ ownerId: "136693071363", name: "debian-11-amd64-20251112" }, "admin"],
    [{ ownerId: "099720109477", name: "ubuntu/images/x" }, "ubuntu"],
    [{ ownerId: "137112412989", name: "amzn2-ami-hvm" }, "ec2-user"],
    [{ ownerId: "111122223333", name: "our-debian-12-hardened" }, "admin"],
    [{ ownerId: "111122223333", name: "al2023-golden" }, "ec2-user"],
    [{ ownerId: "111122223333", name: "golden-2026" }, null],
  ])("%j logs in as %s", (described, user) => {
    expect(userOfImage(described)).toBe(user);
  });
});
