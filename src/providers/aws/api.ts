/** EC2's API as kctl calls it: one client, retried with care, its errors as faults, its clock beside ours. */
import { EC2Client, EC2ServiceException } from "@aws-sdk/client-ec2";
import { apiFault } from "./api-fault.ts";

export type Api = {
  readonly region: string;
  /**
   * One call. Throws a fault for whatever the API or the way to it refuses; `codeOf` of the error tells which.
   * @param signal in the place of the command's own
   */
  readonly call: <Output>(
    send: (client: EC2Client, options: { readonly abortSignal: AbortSignal }) => Promise<Output>,
    signal?: AbortSignal,
  ) => Promise<Output>;
  /** Milliseconds of EC2's own clock, as its last answer told it; ours before that. */
  readonly now: () => number;
  readonly close: () => void;
};

export type ApiOptions = {
  readonly region: string;
  readonly profile: string | undefined;
  readonly signal: AbortSignal;
  /** Before each request, also one that is tried again; where it throws, nothing is asked. */
  readonly before?: () => Promise<void>;
};

/** The SDK has no timeout of its own: a call that is lost on the way would wait for ever. */
const timeouts = { connectionTimeout: 5000, requestTimeout: 20_000, throwOnRequestTimeout: true };

/** Throttling and what the network lost is tried again: up to this often, each time a while later. */
const maxAttempts = 8;

export function openApi({ region, profile, signal: whole, before }: ApiOptions): Api {
  const client = new EC2Client({
    region,
    ...(profile === undefined ? {} : { profile }),
    maxAttempts,
    retryMode: "adaptive",
    requestHandler: timeouts,
  });
  let ahead = 0;
  const asked = new WeakMap<object, string>();
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (given) => {
        try {
          return await next(given);
        } catch (error) {
          if (error instanceof Error && commandName !== undefined) asked.set(error, commandName);
          throw error;
        }
      },
    { step: "initialize", name: "kctlAction", priority: "high" },
  );
  client.middlewareStack.add(
    (next) => async (given) => {
      try {
        return await next(given);
      } catch (error) {
        throw definite(error);
      }
    },
    { step: "deserialize", name: "kctlDefinite", priority: "high" },
  );
  client.middlewareStack.add(
    (next) => async (given) => {
      const result = await next(given);
      const { headers = {} } = result.response as { readonly headers?: Readonly<Record<string, string>> };
      const date = Date.parse(headers["date"] ?? "");
      if (!Number.isNaN(date)) ahead = date - Date.now();
      return result;
    },
    { step: "deserialize", name: "kctlClock", priority: "low" },
  );
  client.middlewareStack.add(
    (next) => async (given) => {
      await before?.();
      return next(given);
    },
    { step: "finalizeRequest", name: "kctlBefore", priority: "low" },
  );
  return {
    region,
    call: async (send, signal = whole) => {
      signal.throwIfAborted();
      try {
        return await send(client, { abortSignal: signal });
      } catch (error) {
        signal.throwIfAborted();
        const command = error instanceof Error ? asked.get(error) : undefined;
        throw apiFault(error, { region, profile, action: command?.replace(/Command$/, "") ?? null });
      }
    },
    now: () => Date.now() + ahead,
    close: () => client.destroy(),
  };
}

/** EC2 says as a 500 that it has no such machine, and the SDK tries any 500 again; but it is an answer, and there are other zones. */
function definite(error: unknown): unknown {
  if (error instanceof EC2ServiceException && /^Insufficient.*Capacity$/.test(error.name))
    error.$metadata.httpStatusCode = 400;
  return error;
}
