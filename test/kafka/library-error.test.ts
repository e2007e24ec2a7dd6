import { MultipleErrors, NetworkError, ProtocolError } from "@platformatic/kafka";
import { describe, expect, it } from "vitest";
import { kafkaErrors, libraryFault } from "../../src/kafka/library-error.ts";

const nested = (error: Error) => new MultipleErrors("Creating topics failed.", [new MultipleErrors("inner", [error])]);

describe("the library's errors", () => {
  it("give Kafka's own word where there is one", () => {
    const error = nested(new ProtocolError("POLICY_VIOLATION", "no topics on Sundays."));
    expect(kafkaErrors(error)).toEqual(["POLICY_VIOLATION"]);
    expect(libraryFault("create test_log", error)).toEqual({
      code: "kafka-refused",
      what: "could not create test_log: Kafka answered POLICY_VIOLATION (no topics on Sundays)",
    });
  });

  it("give the socket's where nobody answered, once", () => {
    const cut = () => new NetworkError("Connection failed.", { cause: new Error("connect ECONNREFUSED 127.0.0.1:1") });
    const fault = libraryFault("write", new MultipleErrors("Cannot connect.", [cut(), cut()]));
    expect(fault).toMatchObject({
      code: "kafka-unreachable",
      what: "could not write: connect ECONNREFUSED 127.0.0.1:1",
    });
    expect(kafkaErrors(cut())).toEqual([]);
  });
});
