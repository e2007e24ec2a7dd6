/**
 * Where the way from here is slow, hosts have an archive from each other. It is sent to all of them at first; once that is seen to
 * take long, only to the one that is furthest on, and the others fetch it from there. Whatever goes wrong with that, they are sent it.
 */

/** How a host that has the archive lets others have it. */
export type Share = {
  /** The archive stays once it is unpacked. */
  readonly keep: () => Promise<void>;
  /** @returns the address to fetch it from */
  readonly begin: () => Promise<string>;
  readonly end: () => Promise<void>;
};

export type Delivery<T> = {
  /** Bytes that it lacks. */
  readonly missing: number;
  /** `count` is told of bytes as they are sent; ends early where `signal` says so. */
  readonly send: (signal: AbortSignal, count: (bytes: number) => void) => Promise<T>;
  /** null: nobody serves it; what is there by now is looked at. */
  readonly fetch: (url: string | null) => Promise<T>;
  readonly share: Share | null;
  /** It will be had from another host, once that has it. */
  readonly onWait: () => void;
};

export type Relay = { readonly deliver: <T>(delivery: Delivery<T>) => Promise<T> };

type Sender = {
  readonly stop: AbortController;
  readonly share: Share | null;
  readonly missing: number;
  sent: number;
};

/** Sending goes on that long before its speed is judged. */
const judgeMilliseconds = 2000;
/** What all hosts are sent in that time may as well be sent to all. */
const patienceSeconds = 10;

/** Of one archive, for the hosts of one run. */
export function relay(): Relay {
  let chosen: Sender | null = null;
  let fetching = 0;
  let settled = false;
  const served = Promise.withResolvers<string | null>();
  const over = Promise.withResolvers<void>();
  const settle = (url: string | null): void => {
    settled = true;
    served.resolve(url);
  };
  /** Until all have it: its servers may need the port that it is served on. */
  const serve = async (share: Share | null): Promise<void> => {
    const url = (await share?.begin().catch(() => null)) ?? null;
    settle(url);
    if (url === null) return;
    if (fetching > 0) await over.promise;
    await share?.end().catch(() => undefined);
  };
  const crowd = crowdOf(async (best, all) => {
    try {
      await best.share?.keep();
    } catch {
      return;
    }
    // It may have come to its end meanwhile, or failed.
    if (!all.has(best)) return;
    chosen = best;
    for (const one of all) if (one !== best) one.stop.abort();
  });
  const instead = async <T>({ fetch, onWait }: Delivery<T>): Promise<T> => {
    fetching += 1;
    onWait();
    try {
      return await fetch(await served.promise);
    } finally {
      fetching -= 1;
      if (fetching === 0) over.resolve();
    }
  };
  return {
    deliver: async (delivery) => {
      const { missing, share } = delivery;
      if (chosen !== null && !settled) return instead(delivery);
      const sender: Sender = { stop: new AbortController(), share, missing, sent: 0 };
      crowd.enter(sender);
      try {
        const done = await delivery.send(sender.stop.signal, (bytes) => (sender.sent += bytes));
        if (chosen === sender) await serve(share);
        return done;
      } catch (error) {
        if (chosen !== null && sender.stop.signal.aborted) return await instead(delivery);
        if (chosen === sender) settle(null);
        throw error;
      } finally {
        crowd.leave(sender);
      }
    },
  };
}

/** Those that are sent the archive at the same time. @param onSlow told once, if that is seen to take long, who is furthest on */
function crowdOf(onSlow: (best: Sender, all: ReadonlySet<Sender>) => Promise<void>) {
  const senders = new Set<Sender>();
  let since = 0;
  let before = 0;
  let timer: NodeJS.Timeout | null = null;
  let judged = false;
  const sum = (of: (sender: Sender) => number): number => [...senders].reduce((all, one) => all + of(one), 0);
  const judge = (): void => {
    const milliseconds = performance.now() - since;
    const rate = ((sum(({ sent }) => sent) - before) * 1000) / milliseconds;
    if (milliseconds < judgeMilliseconds || sum(missingOf) <= patienceSeconds * rate) return;
    judged = true;
    stop();
    void onSlow(
      [...senders].reduce((a, b) => (missingOf(b) < missingOf(a) ? b : a)),
      senders,
    );
  };
  const stop = (): void => {
    if (timer !== null) clearInterval(timer);
    timer = null;
  };
  return {
    enter: (sender: Sender): void => {
      senders.add(sender);
      if (senders.size !== 2 || judged) return;
      since = performance.now();
      before = sum(({ sent }) => sent);
      timer ??= setInterval(judge, 1000).unref();
    },
    leave: (sender: Sender): void => {
      senders.delete(sender);
      if (senders.size < 2) stop();
    },
  };
}

function missingOf({ missing, sent }: Sender): number {
  return missing - sent;
}
