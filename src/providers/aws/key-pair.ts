/** The key pair in EC2 that new machines are given. */
import { ImportKeyPairCommand } from "@aws-sdk/client-ec2";
import { clusterTag } from "../../ec2/seen.ts";
import { KctlError } from "../../fault.ts";
import type { Api } from "./api.ts";
import { codeOf } from "./api-fault.ts";
import { keysBy } from "./observe.ts";
import { taggedAs } from "./tags.ts";

type KeyToImport = {
  readonly cluster: string;
  readonly name: string;
  readonly publicKey: string;
  readonly tags: Readonly<Record<string, string>>;
};

/** One that an answer that was lost had made is taken; one of that name without the tag is somebody else's. */
export async function importKey(api: Api, { cluster, name, publicKey, tags }: KeyToImport): Promise<void> {
  try {
    await api.call((client, options) =>
      client.send(
        new ImportKeyPairCommand({
          KeyName: name,
          PublicKeyMaterial: Buffer.from(publicKey),
          TagSpecifications: taggedAs("key-pair", tags),
        }),
        options,
      ),
    );
  } catch (error) {
    if (codeOf(error) !== "InvalidKeyPair.Duplicate") throw error;
    const [there] = await keysBy(api, [{ Name: "key-name", Values: [name] }]);
    // An answer that was lost.
    if (there?.tags[clusterTag] === cluster) return;
    throw new KctlError({
      code: "aws-not-ours",
      what: `there is a key pair ${name} that kctl did not make`,
      fix: "remove or rename it if it is yours, name it in `provider.keyPair`, or give the cluster another name",
    });
  }
}
