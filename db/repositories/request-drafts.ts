import { LockMode, type EntityManager, type InferEntity, type MikroORM } from "@mikro-orm/postgresql";
import { withAllFields, type WrittenRequest } from "../../domain/requests/written.ts";
import { RequestDraft, type RequestDraftRecord } from "../entities/request-draft.ts";
import { findPage, findRecord } from "../find-records.ts";
import { type Page, type PageQuery } from "../page.ts";
import { recordOf } from "../record.ts";

/** What came of saving a draft: saved as the next version, or another had saved meanwhile (theirs is given). */
export type DraftSave =
  | { readonly kind: "saved"; readonly draft: RequestDraftRecord }
  | { readonly kind: "conflict"; readonly draft: RequestDraftRecord }
  | { readonly kind: "gone" };

export type RequestDraftRepository = ReturnType<typeof createRequestDraftRepository>;

/** Requests while they are written. */
export function createRequestDraftRepository(orm: MikroORM) {
  /** Begins a draft under the next request number, or under the id of a request of which it becomes a new version. */
  const create = async (draft: {
    readonly id?: string;
    readonly userId: string;
    readonly document: WrittenRequest;
    readonly savedBy: string;
    readonly wallMs: number;
  }): Promise<RequestDraftRecord> =>
    orm.em.fork().transactional(async (em) => {
      const id = draft.id ?? (await nextRequestId(em));
      const before = await em.findOne(RequestDraft, { id });
      // Two people press Edit at once: there is one draft.
      if (before !== null) return draftOf(before);
      const record: RequestDraftRecord = {
        id,
        userId: draft.userId,
        document: draft.document,
        version: 1,
        savedBy: draft.savedBy,
        savedFrom: "",
        createdWallMs: draft.wallMs,
        updatedWallMs: draft.wallMs,
      };
      await em.insert(RequestDraft, { ...record });
      return record;
    });

  const one = async (id: string): Promise<RequestDraftRecord | null> => {
    const record = await findRecord(orm.em.fork(), RequestDraft, { id });
    return record === null ? null : withWholeDocument(record);
  };

  /** Drafts of one author, or of all, last saved first; at most 100. */
  const list = async (userId: string | null): Promise<RequestDraftRecord[]> => {
    const where = userId === null ? {} : { userId };
    const rows = await orm.em
      .fork()
      .find(RequestDraft, where, { orderBy: { updatedWallMs: "desc", id: "asc" }, limit: 100 });
    return rows.map(draftOf);
  };

  /** Drafts of one person, last saved first, a part at a time. */
  const page = async (userId: string, query: PageQuery): Promise<Page<RequestDraftRecord>> => {
    const { items, ...total } = await findPage(orm.em.fork(), RequestDraft, { userId }, query, {
      updatedWallMs: "desc",
      id: "asc",
    });
    return { items: items.map(withWholeDocument), ...total };
  };

  /** Saves over version `version`, and only over that one. The same text saved again is no new version. */
  const save = async (change: {
    readonly id: string;
    readonly version: number;
    readonly document: WrittenRequest;
    readonly savedBy: string;
    /** The form it comes from; empty for a program. */
    readonly savedFrom: string;
    readonly wallMs: number;
  }): Promise<DraftSave> =>
    orm.em.fork().transactional(async (em) => {
      const row = await em.findOne(
        RequestDraft,
        { id: change.id },
        { lockMode: LockMode.PESSIMISTIC_WRITE, disableIdentityMap: true },
      );
      if (row === null) return { kind: "gone" };
      const before = draftOf(row);
      if (JSON.stringify(before.document) === JSON.stringify(change.document)) {
        return { kind: "saved", draft: before };
      }
      const ownForm = change.savedFrom !== "" && change.savedFrom === before.savedFrom;
      if (before.version !== change.version && !ownForm) return { kind: "conflict", draft: before };
      const next = {
        document: change.document,
        version: before.version + 1,
        savedBy: change.savedBy,
        savedFrom: change.savedFrom,
        updatedWallMs: change.wallMs,
      };
      await em.nativeUpdate(RequestDraft, { id: change.id }, next);
      return { kind: "saved", draft: { ...before, ...next } };
    });

  /** Deletes a draft; what was submitted of it before stays. False when there is none. */
  const remove = async (id: string): Promise<boolean> =>
    (await orm.em.fork().nativeDelete(RequestDraft, { id })) > 0;

  return { create, one, list, page, save, remove };
}

function draftOf(row: InferEntity<typeof RequestDraft>): RequestDraftRecord {
  return withWholeDocument(recordOf(row));
}

function withWholeDocument(record: RequestDraftRecord): RequestDraftRecord {
  return { ...record, document: withAllFields(record.document) };
}

/** The next number of a routine request: `R0012`. */
export async function nextRequestId(em: EntityManager): Promise<string> {
  const [row] = await em.execute<{ id: string }[]>(
    "select 'R' || lpad(nextval('request_number')::text, 4, '0') as id",
  );
  if (row === undefined) throw new Error("the database gave no request number");
  return row.id;
}
