/** The one family of errors: what is wrong, where, and how to mend it. */
import { faultCodes, type FaultCode } from "./fault-codes.ts";

export type Fault = {
  readonly code: FaultCode;
  /** One sentence: what is wrong. */
  readonly what: string;
  /** FILE:LINE:COL for a spec, a path, an address, or a source. */
  readonly where?: string;
  /** One sentence: what to do about it. */
  readonly fix?: string;
  readonly node?: string;
  /** More to read below the message: a spec's excerpt with its caret, the end of a log, a program's stderr. */
  readonly detail?: string;
};

/** Carries faults through a `throw`; nothing else is thrown on purpose. */
export class KctlError extends Error {
  override readonly name = "KctlError";
  readonly faults: readonly Fault[];

  constructor(faults: Fault | readonly Fault[], options?: ErrorOptions) {
    const list = Array.isArray(faults) ? (faults as readonly Fault[]) : [faults as Fault];
    super(list.map((fault) => fault.what).join("; "), options);
    this.faults = list;
  }

  /** 2 only where every fault is one of the spec or the command line: then nothing was touched. */
  get exit(): number {
    const exits = this.faults.map((fault) => faultCodes[fault.code].exit);
    if (exits.includes(130)) return 130;
    return exits.every((exit) => exit === 2) ? 2 : 1;
  }
}

/** The faults of anything thrown: those of a KctlError, an interruption for an abort, else one of kctl itself. */
export function faultsOf(error: unknown): readonly Fault[] {
  if (error instanceof KctlError) return error.faults;
  if (error instanceof Error && error.name === "AbortError") {
    return [{ code: "interrupted", what: "interrupted", fix: "run the same command again: it goes on from here" }];
  }
  if (error instanceof Error && "code" in error && typeof error.code === "string" && "syscall" in error) {
    return [
      {
        code: "local-io",
        what: error.message,
        fix: "see that the path can be read and written, and that the disk is not full",
      },
    ];
  }
  const what = error instanceof Error ? error.message : String(error);
  return [{ code: "internal", what, fix: "run again with --verbose and report what it prints" }];
}
