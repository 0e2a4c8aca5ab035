import { accessLimits } from "@modelfleet/protocol";

const { issuerAnswerBytesMax, issuerAnswerMsMax } = accessLimits;

/** A small JSON document of the issuer. @throws Error saying what came instead */
export async function fetchJson(url: string): Promise<unknown> {
  const answer = await fetch(url, {
    headers: { accept: "application/json" },
    // A redirection would let the issuer's address be another one.
    redirect: "error",
    signal: AbortSignal.timeout(issuerAnswerMsMax),
  });
  if (answer.status !== 200 || answer.body === null) {
    await answer.body?.cancel();
    throw new Error(`expected ${url} to answer 200, got ${answer.status}`);
  }
  return JSON.parse(await readBounded(url, answer.body));
}

async function readBounded(url: string, body: ReadableStream<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > issuerAnswerBytesMax) {
      throw new Error(`expected at most ${issuerAnswerBytesMax} bytes from ${url}, got more`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
