import { cliLimits } from "@modelfleet/protocol";
import type { z } from "zod";
import type { ApiClient, ApiPage } from "./api-client.ts";
import { CliError } from "./cli-error.ts";

export interface PagedRequest<Schema extends z.ZodType, Row> {
  /** Of the first page. */
  readonly path: string;
  readonly answer: Schema;
  readonly rowsOf: (answer: z.infer<Schema>) => readonly Row[];
  /** No more than so many. */
  readonly count: number;
}

/** Rows of a list, page after page as the controller leads. */
export async function readPages<Schema extends z.ZodType, Row>(
  api: ApiClient,
  { path, answer, rowsOf, count }: PagedRequest<Schema, Row>,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  let next: string | undefined = path;
  // A page of a filtered list may be empty and still lead on.
  for (let pages = 0; next !== undefined && rows.length < count; pages += 1) {
    if (pages === cliLimits.pagesMax) {
      throw new CliError("BAD_ANSWER", `expected at most ${cliLimits.pagesMax} pages of ${path}`);
    }
    const page: ApiPage<z.infer<Schema>> = await api.page({ method: "GET", path: next, answer });
    rows.push(...rowsOf(page.answer));
    next = page.next;
  }
  return rows.slice(0, count);
}
