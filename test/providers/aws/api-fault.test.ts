import { describe, expect, test } from "vitest";
import { KctlError, faultsOf, type Fault } from "../../../src/fault.ts";
import { apiFault, codeOf, isNotFound } from "../../../src/providers/aws/api-fault.ts";

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

const usual = { region: "eu-central-1", profile: undefined, action: "RunInstances" };

function told(error: Error, where: Parameters<typeof apiFault>[1] = usual): Fault {
  const [fault] = faultsOf(apiFault(error, where));
  if (fault === undefined) throw new Error("no fault");
  return fault;
}

const denied = "You are not authorized to perform this operation.";

describe("what EC2 answers, or the SDK says in its place", () => {
  test.for<readonly [name: string, message: string, code: Fault["code"], what: string, fix: string]>([
    [
      "CredentialsProviderError",
      "Could not load credentials from any providers",
      "aws-credentials",
      "no AWS credentials were found",
      "AWS_PROFILE",
    ],
    [
      "Error",
      "Could not load credentials from any providers",
      "aws-credentials",
      "no AWS credentials were found",
      "aws configure list",
    ],
    [
      "CredentialsProviderError",
      "The SSO session associated with this profile has expired. To refresh this SSO session run aws sso login with the corresponding profile.",
      "aws-credentials",
      "the SSO session has expired",
      "`aws sso login`",
    ],
    [
      "CredentialsProviderError",
      "The SSO session token associated with profile=dev was not found or is invalid.",
      "aws-credentials",
      "the SSO session has expired",
      "`aws sso login`",
    ],
    ["RequestExpired", "Request has expired.", "aws-credentials", "have expired", "it goes on from here"],
    [
      "ExpiredToken",
      "The security token included in the request is expired",
      "aws-credentials",
      "have expired",
      "sign in again",
    ],
    [
      "AuthFailure",
      "AWS was not able to validate the provided access credentials",
      "aws-credentials",
      "does not accept the credentials: AWS was not able",
      "aws sts get-caller-identity",
    ],
    [
      "InvalidClientTokenId",
      "The security token included in the request is invalid.",
      "aws-credentials",
      "does not accept",
      "clock",
    ],
    ["RequestTimeTooSkewed", "The difference is too large.", "aws-credentials", "clock is wrong", "set the clock"],
    ["UnauthorizedOperation", denied, "aws-denied", "may not do ec2:RunInstances: You are not", "kctl iam-policy"],
    [
      "UnauthorizedOperation",
      `${denied} User: arn:aws:iam::1:user/x is not authorized to perform: ec2:CreateTags on resource: y`,
      "aws-denied",
      "may not do ec2:CreateTags",
      "kctl iam-policy",
    ],
    [
      "UnauthorizedOperation",
      `${denied} User: arn:aws:iam::1:user/x is not authorized to perform: iam:PassRole on resource: y`,
      "aws-denied",
      "may not do iam:PassRole",
      "kctl iam-policy",
    ],
    [
      "OptInRequired",
      "You are not subscribed to this service.",
      "aws-refused",
      "cannot use EC2 in eu-central-1",
      "enable the region",
    ],
    ["RequestLimitExceeded", "Request limit exceeded.", "aws-busy", "fewer calls", "it goes on from here"],
    [
      "InsufficientInstanceCapacity",
      "We do not have sufficient m7g.large capacity.",
      "aws-capacity",
      "no such machine to give: We do not have",
      "`instanceType` as a list",
    ],
    [
      "Unsupported",
      "m7g.large is not supported in eu-central-1a.",
      "aws-capacity",
      "m7g.large is not supported",
      "other `zones`",
    ],
    [
      "InsufficientFreeAddressesInSubnet",
      "There are not enough free addresses.",
      "aws-capacity",
      "a subnet is full",
      "network",
    ],
    [
      "VcpuLimitExceeded",
      "You have requested more vCPU capacity than your limit.",
      "aws-limit",
      "more vCPU capacity",
      "Service Quotas",
    ],
    [
      "RulesPerSecurityGroupLimitExceeded",
      "The maximum number of rules has been reached.",
      "aws-limit",
      "maximum number of rules",
      "Service Quotas",
    ],
    [
      "InvalidParameterValue",
      "Invalid IAM Instance Profile name\nmore",
      "aws-refused",
      "EC2 refused RunInstances: Invalid IAM Instance Profile name (InvalidParameterValue)",
      "mend what it says",
    ],
    [
      "Error",
      "getaddrinfo ENOTFOUND ec2.eu-central-7.amazonaws.com",
      "aws-unreachable",
      "its name is not known",
      "`provider.region` names a region",
    ],
    [
      "TimeoutError",
      "Connection timed out after 5000 ms",
      "aws-unreachable",
      "cannot be reached: Connection timed out",
      "it goes on from here",
    ],
    ["Error", "connect ECONNREFUSED 127.0.0.1:1", "aws-unreachable", "ECONNREFUSED", "network"],
    ["Error", "socket hang up", "aws-unreachable", "socket hang up", "network"],
  ])("%s: %s", ([name, message, code, what, fix]) => {
    const fault = told(named(name, message));
    expect(fault).toMatchObject({
      code,
      what: expect.stringContaining(what) as unknown,
      fix: expect.stringContaining(fix) as unknown,
      detail: message,
    });
  });

  test("the profile that was asked for is in what is wrong, and in the way out", () => {
    const where = { ...usual, profile: "dev" };
    const none = told(named("CredentialsProviderError", "Could not resolve credentials using profile: [dev]"), where);
    expect(none.what).toBe("no AWS credentials of the profile dev were found");
    const over = told(
      named("CredentialsProviderError", "The SSO session associated with this profile has expired."),
      where,
    );
    expect(over).toMatchObject({
      what: "the SSO session of the profile dev has expired",
      fix: expect.stringContaining("aws sso login --profile dev") as unknown,
    });
  });

  test("where: the call and the region; of credentials no call is to blame", () => {
    expect(told(named("VcpuLimitExceeded", "m")).where).toBe("ec2:RunInstances in eu-central-1");
    expect(told(named("Odd", "m")).where).toBe("ec2:RunInstances in eu-central-1");
    expect(told(named("AuthFailure", "m")).where).toBeUndefined();
    expect(told(named("Odd", "m"), { ...usual, action: null })).not.toHaveProperty("where");
  });

  test("an explanation for administrators is in the detail alone", () => {
    const message = `${denied} Encoded authorization failure message: ${"a".repeat(900)}`;
    const fault = told(named("UnauthorizedOperation", message));
    expect(fault.what).not.toContain("Encoded");
    expect(fault.detail).toBe(message);
  });

  test("EC2's own code stays known; what is no answer of EC2's is handed on", () => {
    expect(codeOf(apiFault(named("DependencyViolation", "m"), usual))).toBe("DependencyViolation");
    expect(isNotFound(apiFault(named("InvalidInstanceID.NotFound", "m"), usual))).toBe(true);
    expect(isNotFound(apiFault(named("DependencyViolation", "m"), usual))).toBe(false);
    const own = new KctlError({ code: "timeout", what: "w" });
    const aborted = named("AbortError", "m");
    expect([apiFault(own, usual), apiFault(aborted, usual), apiFault("text", usual)]).toEqual([own, aborted, "text"]);
    expect(codeOf(own)).toBeNull();
  });
});
