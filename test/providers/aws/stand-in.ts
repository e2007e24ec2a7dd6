/** A stand-in for EC2 at the level of requests: each call is handed to the test, which says what AWS would answer. */
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { onTestFinished, vi } from "vitest";
import { openApi, type Api } from "../../../src/providers/aws/api.ts";

export type Asked = { readonly action: string; readonly params: URLSearchParams };

export type Answer = { readonly status?: number; readonly body: string };

/**
 * The API as kctl calls it, against this. Its calls are kept.
 * @param before each of them
 */
export async function standIn(
  answer: (asked: Asked) => Answer,
  before: () => Promise<void> = () => Promise.resolve(),
): Promise<{ readonly api: Api; readonly asked: readonly Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (part: string) => (text += part));
    request.on("end", () => {
      const params = new URLSearchParams(text);
      const one = { action: params.get("Action") ?? "", params };
      asked.push(one);
      const { status = 200, body } = answer(one);
      response.writeHead(status, { "Content-Type": "text/xml;charset=UTF-8" }).end(body);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  vi.stubEnv("AWS_ENDPOINT_URL_EC2", `http://127.0.0.1:${port}`);
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  const api = openApi({ region: "eu-central-1", profile: undefined, signal: new AbortController().signal, before });
  onTestFinished(async () => {
    api.close();
    vi.unstubAllEnvs();
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return { api, asked };
}

export function refusal(code: string, status = 400, message = code): Answer {
  const error = `<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  return { status, body: `<Response><Errors>${error}</Errors><RequestID>r</RequestID></Response>` };
}

export function answered(action: string, inner: string): Answer {
  const xmlns = "http://ec2.amazonaws.com/doc/2016-11-15/";
  return { body: `<${action}Response xmlns="${xmlns}"><requestId>r</requestId>${inner}</${action}Response>` };
}
