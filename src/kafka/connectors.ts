/** What a Connect worker tells of connectors, and what it is told of them: each call of its REST API, its answer checked. */
import { z } from "zod";
import { KctlError } from "../fault.ts";
import { addressText, type Address } from "./address.ts";
import { askWorker, type RestQuestion } from "./connect-rest.ts";

const state = z.object({ state: z.string(), worker_id: z.string().default(""), trace: z.string().optional() });

const connector = z.object({
  info: z.object({ name: z.string(), config: z.record(z.string(), z.string().nullable()), type: z.string().nullish() }),
  status: z.object({ connector: state, tasks: z.array(state.extend({ id: z.int() })) }),
});

const plugins = z.array(z.object({ class: z.string(), type: z.string(), version: z.string().nullish() }));

/** What a connector of somebody else's says of its own settings may have holes. */
const validation = z.object({
  configs: z.array(
    z.object({
      value: z.object({ name: z.string(), errors: z.array(z.string().nullable()).nullish() }).nullish(),
    }),
  ),
});

export type TaskSeen = {
  readonly id: number;
  /** `RUNNING`, `PAUSED`, `FAILED`, `UNASSIGNED`, `STOPPED`, `RESTARTING`. */
  readonly state: string;
  /** Where it runs, as `HOST:PORT`. */
  readonly worker: string;
  /** What it failed with; null where it did not. */
  readonly trace: string | null;
};

export type ConnectorSeen = Omit<TaskSeen, "id"> & {
  readonly name: string;
  readonly type: string;
  /** As it was given, references to secrets and all. */
  readonly config: Readonly<Record<string, string>>;
  readonly tasks: readonly TaskSeen[];
};

/** What is wrong with a setting; `setting` is as the worker names it. */
export type SettingFault = { readonly setting: string; readonly why: string };

/** Asks whichever worker answers. `null`: they are sharing out their tasks anew, and take nothing until they have. */
export type Workers = {
  readonly all: () => Promise<readonly ConnectorSeen[] | null>;
  readonly classes: () => Promise<readonly string[]>;
  readonly validate: (name: string, config: Readonly<Record<string, string>>) => Promise<readonly SettingFault[]>;
  /** @returns false where it is to be asked again */
  readonly put: (name: string, config: Readonly<Record<string, string>>) => Promise<boolean>;
  readonly act: (name: string, action: "restart" | "pause" | "resume" | "delete") => Promise<boolean>;
};

/** A worker waits this long for the others itself. */
const answerMs = 30_000;

export function workersAt(addresses: readonly Address[], signal: AbortSignal): Workers {
  const ask = (question: RestQuestion) => askFirst(addresses, question, signal);
  return {
    all: async () => {
      const answer = await ask({ method: "GET", path: "/connectors?expand=info&expand=status" });
      return answer.status === 409 ? null : connectorsIn(expect(answer, z.record(z.string(), z.unknown())));
    },
    classes: async () => {
      const told = expect(await ask({ method: "GET", path: "/connector-plugins" }), plugins);
      return told.filter(({ type }) => type === "source" || type === "sink").map((one) => one.class);
    },
    validate: async (name, config) => {
      const path = `/connector-plugins/${encodeURIComponent(config["connector.class"] ?? "")}/config/validate`;
      const answer = await ask({ method: "PUT", path, body: { ...config, name } });
      return expect(answer, validation).configs.flatMap(({ value }) =>
        (value?.errors ?? []).map((why) => ({ setting: value?.name ?? "", why: why ?? "it is not taken" })),
      );
    },
    put: async (name, config) => {
      const path = `/connectors/${encodeURIComponent(name)}/config`;
      return isDone(await ask({ method: "PUT", path, body: config }));
    },
    act: async (name, action) => isDone(await ask(questions[action](`/connectors/${encodeURIComponent(name)}`))),
  };
}

const questions = {
  restart: (path: string) => ({ method: "POST", path: `${path}/restart?includeTasks=true&onlyFailed=false` }),
  pause: (path: string) => ({ method: "PUT", path: `${path}/pause` }),
  resume: (path: string) => ({ method: "PUT", path: `${path}/resume` }),
  delete: (path: string) => ({ method: "DELETE", path }),
} as const satisfies Record<string, (path: string) => RestQuestion>;

type Answer = { readonly status: number; readonly body: unknown; readonly from: Address };

async function askFirst(addresses: readonly Address[], question: RestQuestion, signal: AbortSignal): Promise<Answer> {
  const whys: string[] = [];
  for (const from of addresses) {
    try {
      return { ...(await askWorker(from, question, signal, answerMs)), from };
    } catch (error) {
      signal.throwIfAborted();
      whys.push(`${addressText(from)}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new KctlError({
    code: "connect-unreachable",
    what: "no Connect worker answers",
    fix: "`kctl status` says which of them run; `kctl up` starts those that do not",
    detail: whys.join("\n"),
  });
}

function isDone(answer: Answer): boolean {
  if (answer.status === 409) return false;
  if (answer.status >= 200 && answer.status < 300) return true;
  throw refused(answer);
}

function expect<T>(answer: Answer, schema: z.ZodType<T>): T {
  if (answer.status !== 200) throw refused(answer);
  const parsed = schema.safeParse(answer.body);
  if (parsed.success) return parsed.data;
  throw new KctlError({
    code: "connect-refused",
    where: addressText(answer.from),
    what: `${addressText(answer.from)} does not answer as a Connect worker does`,
    fix: "see what listens there",
  });
}

function refused({ status, body, from }: Answer): KctlError {
  const { message } = z.looseObject({ message: z.string() }).catch({ message: "" }).parse(body);
  return new KctlError({
    code: "connect-refused",
    where: addressText(from),
    what: `the Connect worker answers with HTTP ${status}${message === "" ? "" : `: ${message}`}`,
    fix: "see its log: `kctl logs --role connect`",
  });
}

/** Of one that is just being made or deleted some parts may be missing. */
function connectorsIn(told: Readonly<Record<string, unknown>>): readonly ConnectorSeen[] {
  return Object.values(told)
    .flatMap((one) => {
      const parsed = connector.safeParse(one);
      if (!parsed.success) return [];
      const { info, status } = parsed.data;
      return [
        {
          name: info.name,
          type: info.type ?? "unknown",
          config: Object.fromEntries(Object.entries(info.config).map(([key, value]) => [key, value ?? ""])),
          ...seen(status.connector),
          tasks: status.tasks.map((task) => ({ id: task.id, ...seen(task) })).toSorted((a, b) => a.id - b.id),
        },
      ];
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function seen({ state: now, worker_id: worker, trace }: z.infer<typeof state>): Omit<TaskSeen, "id"> {
  return { state: now, worker, trace: trace ?? null };
}
