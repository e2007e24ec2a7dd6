/** The unit that puts the block of /etc/hosts back at boot, for images whose cloud-init writes that file anew. */
import { Eta } from "eta/core";
import type { HostsBlock } from "../services/desired.ts";
import { blockLines } from "./hosts-block.ts";

/** The block as it is kept on the machine, to be put back from. */
export function hostsLines(block: HostsBlock): string {
  return blockLines(block)
    .map((line) => `${line}\n`)
    .join("");
}

/**
 * @param template templates/hosts.service, or templates/restore-hosts.sh, which changes nothing where the block is there as it should be
 * @param folder holds `hosts` and `restore-hosts`
 */
export function hostsText(template: string, cluster: string, folder: string): string {
  return new Eta({ autoEscape: false, autoTrim: false }).renderString(template, { cluster, folder });
}
