import type { FastifyRequest } from "fastify";
import type { WrittenRequest } from "../../../domain/requests/written.ts";
import type { RequestDraftRecord } from "../../../db/entities/request-draft.ts";
import { Problem } from "../../problem.ts";
import { changedMeanwhile, requireMatch } from "../../versions.ts";
import type { Author, Desk } from "./desk.ts";

export const EDIT_RULE =
  "An edit names the version it was made from: If-Match with the ETag of the draft. 428 without, 412 when it was changed meanwhile.";

export type DraftEdits = ReturnType<typeof createDraftEdits>;

/** Edits of drafts by programs: each names the version that it was made from. */
export function createDraftEdits(desk: Desk) {
  /** The draft, when the request names the version that it has. @throws Problem 403, 404, 412, 428 */
  async function matched(
    request: FastifyRequest,
    id: string,
  ): Promise<{ who: Author; draft: RequestDraftRecord }> {
    const who = desk.author(request.identity, request.ip);
    const draft = await desk.draftOf(who, id);
    requireMatch(request, draft.version, `draft ${id}`, draft.savedBy);
    return { who, draft };
  }

  /** @throws Problem 404, 412 */
  async function save(
    who: Author,
    draft: RequestDraftRecord,
    document: WrittenRequest,
  ): Promise<RequestDraftRecord> {
    const result = await desk.save(who, draft.id, draft.version, document, "");
    if (result.kind === "gone") throw new Problem(404, `There is no draft ${draft.id} any more.`);
    if (result.kind === "conflict") {
      const { id, version, savedBy } = result.draft;
      throw changedMeanwhile(version, `draft ${id}`, savedBy);
    }
    return result.draft;
  }

  return { matched, save };
}
