/** The shells of one machine that scripts are run in: as many as run side by side, and used again. */
import type { Link } from "./link.ts";
import type { ShellResult } from "./shell.ts";
import { openStandingShell, ShellGoneError, type ScriptOptions, type StandingShell } from "./standing-shell.ts";
import type { SshTarget } from "./target.ts";

export type StandingShells = {
  /** Throws SessionRefusedError where sshd opens no session for another one. */
  readonly run: (script: string, options: ScriptOptions) => Promise<ShellResult>;
  /** Gives the sessions of those back that have nothing to do. @returns whether there were any */
  readonly endIdle: () => boolean;
};

/** @param linkNow the link that there is, or a new one */
export function standingShells(target: SshTarget, linkNow: (signal: AbortSignal) => Promise<Link>): StandingShells {
  let idle: StandingShell[] = [];
  const endIdle = (): boolean => {
    const any = idle.length > 0;
    for (const shell of idle) shell.end();
    idle = [];
    return any;
  };
  const shellOn = async (link: Link): Promise<StandingShell> => {
    idle = idle.filter((shell) => shell.stands() && shell.link === link);
    const known = idle.pop();
    if (known !== undefined) return known;
    try {
      return await openStandingShell(link, target, endIdle);
    } catch (error) {
      throw link.down.aborted ? new ShellGoneError("the connection is gone") : error;
    }
  };
  return {
    run: async (script, options) => {
      // A link may be broken without anybody knowing yet: then there is a second one, and no third.
      for (let broken = 0; ;) {
        const link = await linkNow(options.signal);
        try {
          const shell = await shellOn(link);
          const result = await shell.run(script, options);
          if (shell.stands()) idle.push(shell);
          return result;
        } catch (error) {
          if (!(error instanceof ShellGoneError)) throw error;
          if (link.down.aborted) broken += 1;
          if (broken > 1) throw link.down.reason;
        }
      }
    },
    endIdle,
  };
}
