import { expect, test } from "vitest";
import ssh2 from "ssh2";
import { newKeyPair } from "../../../src/hosts/ssh/new-key-pair.ts";

const { utils } = ssh2;

/** `string "ssh-ed25519"`, then `string` of 32 bytes (RFC 8709, section 4). */
const publicLength = 4 + "ssh-ed25519".length + 4 + 32;

test("every key can be read, also one whose public half begins with a zero", async () => {
  for (let count = 0; count < 2000; count += 1) {
    const pair = await newKeyPair("root@kafka-1");
    const key = utils.parseKey(pair.private);
    if (key instanceof Error) throw key;
    const [type, base64 = "", comment] = pair.public.trim().split(" ");
    expect([type, comment]).toEqual(["ssh-ed25519", "root@kafka-1"]);
    expect(Buffer.from(base64, "base64")).toHaveLength(publicLength);
    expect(key.getPublicSSH().toString("base64")).toBe(base64);
  }
});
