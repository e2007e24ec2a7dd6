/** What EC2, or the way to it, answers in the place of a result: as a fault that says what to do about it. */
import { KctlError, type Fault } from "../../fault.ts";

/** One call that was refused; `api` is EC2's own code, `action` what it would have taken leave to do. */
class ApiError extends KctlError {
  readonly api: string;
  readonly action: string | null;

  constructor(fault: Fault, api: string, action: string | null, options?: ErrorOptions) {
    super(fault, options);
    this.api = api;
    this.action = action;
  }
}

/** EC2's own code of an error; null for anything else. */
export function codeOf(error: unknown): string | null {
  return error instanceof ApiError ? error.api : null;
}

/** Whether EC2 says that what was named is not there: `InvalidInstanceID.NotFound` and its like. */
export function isNotFound(error: unknown): boolean {
  return codeOf(error)?.endsWith(".NotFound") === true || codeOf(error) === "InvalidGroupId.Malformed";
}

/** The action that a call was refused for want of leave; null for anything else. */
export function deniedAction(error: unknown): string | null {
  if (!(error instanceof ApiError) || error.faults[0]?.code !== "aws-denied") return null;
  return error.action;
}

export function deniedFault(actions: readonly string[]): Fault {
  const list = [...new Set(actions)].toSorted().map(permission);
  return {
    code: "aws-denied",
    what: `these credentials may not do ${list.join(", ")}`,
    fix: "give them the policy that `kctl iam-policy` prints",
  };
}

/** All of several calls, side by side; what was not allowed is told in one list. */
export async function allOf<const T extends readonly Promise<unknown>[]>(
  calls: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const settled = await Promise.allSettled<unknown>(calls);
  const errors = settled.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
  const denied = errors.flatMap((error) => deniedAction(error) ?? []);
  if (denied.length > 1) throw new KctlError(deniedFault(denied), { cause: errors[0] });
  return Promise.all(calls);
}

type Where = {
  readonly region: string;
  readonly profile: string | undefined;
  /** The call, as EC2 names it; null where it is not known. */
  readonly action: string | null;
};

type Told = { readonly name: string; readonly message: string; readonly action: string | null };

/** The words that EC2 uses for each kind of trouble (Amazon EC2 API Reference, "Error codes for the Amazon EC2 API"). */
const kinds: readonly (readonly [
  names: RegExp,
  code: Fault["code"],
  what: (told: Told, where: Where) => string,
  fix: (told: Told, where: Where) => string,
])[] = [
  [
    /^(ExpiredToken(Exception)?|RequestExpired|TokenRefreshRequired)$/,
    "aws-credentials",
    () => "the AWS credentials have expired",
    (_told, { profile }) =>
      `sign in again (\`aws sso login${profile === undefined ? "" : ` --profile ${profile}`}\`), then run the same command: it goes on from here`,
  ],
  [
    /^(AuthFailure|InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|IncompleteSignature|MissingAuthenticationToken)$/,
    "aws-credentials",
    ({ message }) => `AWS does not accept the credentials: ${message}`,
    () => "see `aws sts get-caller-identity`, and that this machine's clock is right",
  ],
  [
    /^RequestTimeTooSkewed$/,
    "aws-credentials",
    () => "AWS refuses the request, because this machine's clock is wrong",
    () => "set the clock (an NTP service does), then run the same command",
  ],
  [
    /^(UnauthorizedOperation|AccessDenied(Exception)?|Client\.UnauthorizedOperation)$/,
    "aws-denied",
    ({ action, message }) => `these credentials may not do ${permission(action)}: ${short(message)}`,
    () => "give them the policy that `kctl iam-policy` prints",
  ],
  [
    /^(OptInRequired|Blocked|PendingVerification|InvalidAction|UnsupportedOperation\.Region)$/,
    "aws-refused",
    ({ message }, { region }) => `this account cannot use EC2 in ${region}: ${message}`,
    () => "enable the region for the account, or name another (`provider.region`)",
  ],
  [
    /^(RequestLimitExceeded|Throttling(Exception)?|TooManyRequestsException|EC2ThrottledException)$/,
    "aws-busy",
    () => "EC2 asks for fewer calls, and went on to do so however long kctl waited",
    () => "something else in this account calls EC2 a lot: run the same command again in a while; it goes on from here",
  ],
  [
    /^(Insufficient\w*Capacity|SpotMaxPriceTooLow|MaxSpotInstanceCountExceeded|Unsupported)$/,
    "aws-capacity",
    ({ message }) => `EC2 has no such machine to give: ${short(message)}`,
    () => "give `instanceType` as a list, or other `zones`; or run the same command again later",
  ],
  [
    /^InsufficientFreeAddressesInSubnet$/,
    "aws-capacity",
    ({ message }) => `a subnet is full: ${short(message)}`,
    () => "name other subnets (`network: { subnets: […] }`), or free some of its addresses; then run the same command",
  ],
  [
    /Exceeded$/,
    "aws-limit",
    ({ message }) => `a limit of this account is reached: ${short(message)}`,
    () => "ask for a higher one (Service Quotas), or remove what is not needed; then run the same command",
  ],
];

export function apiFault(error: unknown, where: Where): unknown {
  if (error instanceof KctlError || !(error instanceof Error) || error.name === "AbortError") return error;
  const told: Told = { name: error.name, message: error.message, action: deniedIn(error.message) ?? where.action };
  const detail = error.message;
  const its = kinds.find(([names]) => names.test(told.name));
  if (its !== undefined) {
    const [, code, what, fix] = its;
    const at = code === "aws-credentials" ? {} : placeOf(where);
    const fault = { code, ...at, what: what(told, where), fix: fix(told, where), detail };
    return new ApiError(fault, told.name, told.action, { cause: error });
  }
  return new ApiError(onTheWay(told, where) ?? refused(told, where), told.name, told.action, { cause: error });
}

/** Nothing came back from EC2: no credentials, no region of that name, no network. */
function onTheWay({ name, message }: Told, { region, profile }: Where): Fault | null {
  const named = profile === undefined ? "" : ` of the profile ${profile}`;
  if (/sso/i.test(message) && /expired|invalid|refresh/i.test(message))
    return {
      code: "aws-credentials",
      what: `the SSO session${named} has expired`,
      fix: `sign in again: \`aws sso login${profile === undefined ? "" : ` --profile ${profile}`}\``,
      detail: message,
    };
  if (name === "CredentialsProviderError" || /could not load credentials/i.test(message))
    return {
      code: "aws-credentials",
      what: `no AWS credentials${named} were found`,
      fix: "set AWS_PROFILE or `provider.profile`, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; see `aws configure list`",
      detail: message,
    };
  if (/ENOTFOUND|EAI_AGAIN/.test(message))
    return {
      code: "aws-unreachable",
      what: `EC2 in ${region} cannot be reached: its name is not known`,
      fix: "see that `provider.region` names a region (such as eu-central-1), and that this machine has a network",
      detail: message,
    };
  if (
    /^(TimeoutError|ECONN|EPIPE|EHOST|ENET|NetworkingError)/.test(name) ||
    /ECONN|socket hang up|EPIPE|timed? ?out/i.test(message)
  )
    return {
      code: "aws-unreachable",
      what: `EC2 in ${region} cannot be reached: ${short(message)}`,
      fix: "see this machine's network, then run the same command again: it goes on from here",
      detail: message,
    };
  return null;
}

function refused({ name, message, action }: Told, where: Where): Fault {
  return {
    code: "aws-refused",
    ...placeOf(where),
    what: `EC2 refused${action === null ? "" : ` ${action}`}: ${short(message)} (${name})`,
    fix: "mend what it says, then run the same command again: it goes on from here",
    detail: message,
  };
}

/** A call may be refused for another action that it needs: RunInstances with tags for CreateTags, with a profile for iam:PassRole. */
function deniedIn(message: string): string | null {
  const [, said] = /perform: ([\w-]+:\w+)/.exec(message) ?? [];
  return said?.replace(/^ec2:/, "") ?? null;
}

/** As a policy names it. */
function permission(action: string | null): string {
  if (action === null) return "this";
  return action.includes(":") ? action : `ec2:${action}`;
}

function placeOf({ action, region }: Where): { readonly where?: string } {
  return action === null ? {} : { where: `${permission(action)} in ${region}` };
}

/** Up to its first line; an encoded explanation for administrators is long, and stays in the detail. */
function short(message: string): string {
  const [line = ""] = message.split("\n");
  const [before = line] = line.split(" Encoded authorization failure message");
  return before.length > 300 ? `${before.slice(0, 300)}…` : before.replace(/\.$/, "");
}
