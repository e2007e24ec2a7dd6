/** Where a broker is reached, and how an advertised address becomes one that can be reached from here. */

export type Address = { readonly host: string; readonly port: number };

/** From what a broker tells its clients to where kctl connects: the same, or the near end of a tunnel. */
export type AddressMap = (host: string, port: number) => Address;

export const unmapped: AddressMap = (host, port) => ({ host, port });

export function addressText({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
