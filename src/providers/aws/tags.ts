/** Tags as EC2 takes them, and the retries that its eventual consistency asks for. */
import { setTimeout as delay } from "node:timers/promises";
import type { ResourceType, Tag, TagSpecification } from "@aws-sdk/client-ec2";
import { codeOf, isNotFound } from "./api-fault.ts";

export function tagList(tags: Readonly<Record<string, string>>): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

export function taggedAs(type: ResourceType, tags: Readonly<Record<string, string>>): TagSpecification[] {
  return [{ ResourceType: type, Tags: tagList(tags) }];
}

/** What was just made may not be known everywhere yet ("Eventual consistency in the Amazon EC2 API"): for up to two minutes. */
export const unseenMs = 120_000;

/**
 * Tries again while EC2 says that what is named is not there, though it was just made.
 * @param codes which of EC2's codes say so; without, all that do
 */
export async function onceKnown<T>(work: () => Promise<T>, signal: AbortSignal, codes?: RegExp): Promise<T> {
  const began = performance.now();
  for (let pause = 250; ; pause = Math.min(pause * 2, 5000)) {
    try {
      return await work();
    } catch (error) {
      const isUnseen = codes === undefined ? isNotFound(error) : codes.test(codeOf(error) ?? "");
      if (!isUnseen || performance.now() - began > unseenMs) throw error;
    }
    await delay(pause, undefined, { signal });
  }
}
