/** Ranges of addresses: what is read, how it is spelled, and that spelling it again changes nothing. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isWorld, readCidr } from "../../src/spec/cidr.ts";

describe("a range", () => {
  test.each([
    ["10.0.0.0/8", "10.0.0.0/8", false],
    ["10.0.0.5/8", "10.0.0.0/8", true],
    ["203.0.113.7/32", "203.0.113.7/32", false],
    ["0.0.0.0/0", "0.0.0.0/0", false],
    ["::/0", "::/0", false],
    ["2001:DB8::/32", "2001:db8::/32", false],
    ["2001:db8:0:0:1:0:0:1/128", "2001:db8::1:0:0:1/128", false],
    ["2001:db8::1/64", "2001:db8::/64", true],
    ["0:0:0:0:0:0:0:1/128", "::1/128", false],
    ["1:0:0:0:0:0:0:0/16", "1::/16", false],
    ["2001:db8:0:1:1:1:1:1/128", "2001:db8:0:1:1:1:1:1/128", false],
    ["2001:db8:10:0:0:100:0:0/128", "2001:db8:10::100:0:0/128", false],
    ["::ffff:10.0.0.1/128", "::ffff:a00:1/128", false],
  ])("%s is %s", (text, spelled, hostBits) => {
    expect(readCidr(text)).toMatchObject({ text: spelled, hostBits });
  });

  test.each([
    "10.0.0.0",
    "10.0.0.0/33",
    "10.0.0/8",
    "10.0.0.256/32",
    "010.0.0.0/8",
    "10.0.0.0/08",
    "::/129",
    "1::2::3/64",
    "1:2:3:4:5:6:7/64",
    "1:2:3:4:5:6:7:8:9/64",
    "1:2:3:4:5:6:7::8/64",
    "12345::/16",
    ":/0",
    "auto",
    "",
  ])("%j is none", (text) => {
    expect(readCidr(text)).toBeNull();
  });

  test("what it is spelled as is read as the same", () => {
    const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
    const six = fc
      .array(group, { minLength: 8, maxLength: 8 })
      .map((groups) => groups.map((n) => n.toString(16)).join(":"));
    const range = fc.oneof(
      fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })),
      fc.tuple(six, fc.integer({ min: 0, max: 128 })),
    );
    fc.assert(
      fc.property(range, ([address, bits]) => {
        const read = readCidr(`${address}/${bits}`);
        expect(read).not.toBeNull();
        if (read === null) return;
        expect(readCidr(read.text)).toEqual({ ...read, hostBits: false });
        expect(
          new URL(`http://${read.family === 6 ? `[${read.text.split("/")[0]}]` : read.text.split("/")[0]}/`).hostname,
        ).toBe(read.family === 6 ? `[${read.text.split("/")[0]}]` : read.text.split("/")[0]);
      }),
    );
  });

  test("everybody", () => {
    expect(["0.0.0.0/0", "::/0", "1.2.3.4/0"].every(isWorld)).toBe(true);
    expect(["10.0.0.0/8", "::/1", "x"].some(isWorld)).toBe(false);
  });
});
