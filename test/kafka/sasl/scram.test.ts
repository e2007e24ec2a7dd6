import { describe, expect, it } from "vitest";
import { scramFirst, scramProof } from "../../../src/kafka/sasl/scram.ts";

/** The examples of RFC 5802, section 5, and RFC 7677, section 3. */
const examples = [
  {
    rfc: 5802,
    login: { hash: "sha1", username: "user", password: "pencil", nonce: "fyko+d2lbbFgONRv9qkxdawL" },
    first: "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
    serverFirst: "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
    message: "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
    serverFinal: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
  },
  {
    rfc: 7677,
    login: { hash: "sha256", username: "user", password: "pencil", nonce: "rOprNGfwEbeRWgbNEkqO" },
    first: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
    serverFirst: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    message:
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    serverFinal: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
  },
] as const;

const { login, serverFirst, serverFinal } = examples[1];

describe("SCRAM", () => {
  it.each(examples)("says what RFC $rfc's example says", async (example) => {
    expect(scramFirst(example.login)).toBe(example.first);
    const { message, verify } = await scramProof(example.login, example.serverFirst);
    expect(message).toBe(example.message);
    expect(() => verify(example.serverFinal)).not.toThrow();
  });

  it("writes commas and equals signs of a name as RFC 5802 wants them", () => {
    expect(scramFirst({ ...login, username: "a=b,c" })).toBe("n,,n=a=3Db=2Cc,r=rOprNGfwEbeRWgbNEkqO");
  });

  it.each([
    ["nothing", "", "its answer is not one of SCRAM"],
    ["an extension that must be understood", `m=x,${serverFirst}`, "its answer is not one of SCRAM"],
    ["another's nonce", serverFirst.replace("r=r", "r=s"), "its answer is not one to this login"],
    ["no nonce of its own", `r=${login.nonce},s=AAAA,i=4096`, "its answer is not one to this login"],
    [
      "too few iterations",
      serverFirst.replace("4096", "4095"),
      "it asks for 4095 iterations; from 4096 to 1000000 are taken",
    ],
    [
      "too many",
      serverFirst.replace("4096", "1000001"),
      "it asks for 1000001 iterations; from 4096 to 1000000 are taken",
    ],
  ])("does not go on after %s", async (_name, first, why) => {
    await expect(scramProof(login, first)).rejects.toThrow(new Error(why));
  });

  it.each([
    ["nothing", "", "it cannot prove that it knows the password: it may be another server than it seems"],
    [
      "another proof",
      serverFinal.replace("6r", "7r"),
      "it cannot prove that it knows the password: it may be another server than it seems",
    ],
    ["an error", "e=unknown-user", "unknown-user"],
  ])("does not believe a server that ends with %s", async (_name, last, why) => {
    const { verify } = await scramProof(login, serverFirst);
    expect(() => verify(last)).toThrow(new Error(why));
  });
});
