import { observatoryMs } from "../../../domain/clock.ts";
import { may } from "../../../domain/permissions/permissions.ts";
import type { FieldError } from "../../../domain/requests/build.ts";
import { builderOf, type BuilderContext, type WrittenCheck } from "../../../domain/requests/builder.ts";
import { waitsFor, type Conditions } from "../../../domain/requests/readiness.ts";
import type { SequenceDraft } from "../../../domain/requests/request.ts";
import { isEditable } from "../../../domain/requests/revise.ts";
import { createForesight, createNightSkies } from "../../../domain/requests/visibility.ts";
import { emptySequence, type WrittenRequest, writtenOf } from "../../../domain/requests/written.ts";
import type { RequestDraftRecord } from "../../../db/entities/request-draft.ts";
import type { RequestRecord } from "../../../db/entities/request.ts";
import type { DraftSave } from "../../../db/repositories/request-drafts.ts";
import type { SequenceDetail } from "../../../db/repositories/sequences.ts";
import type { ApiContext } from "../../context.ts";
import type { Identity } from "../../plugins/identity.ts";
import { Problem } from "../../problem.ts";

/** Who writes: a person, signed in or by a token of theirs. */
export interface Author {
  readonly userId: string;
  readonly name: string;
  readonly profile: Identity["profile"];
  readonly address: string;
}

export type Desk = ReturnType<typeof createDesk>;

/** What can be done with requests, for pages and the API alike: each step checks who may, and writes down who did. */
export function createDesk({ app, deps }: Pick<ApiContext, "app" | "deps">) {
  const { database, gateway, observatory, clock, nowWallMs } = deps;
  const skies = createNightSkies(observatory);
  const foresee = createForesight(observatory, skies);
  const nowMs = (): number => Math.round(observatoryMs(clock(), nowWallMs()));

  /** @throws Problem 422 for a token that belongs to nobody */
  function author(identity: Identity | null, address: string): Author {
    if (identity === null) throw new Problem(401, "Sign in first.");
    if (identity.userId === null) {
      throw new Problem(
        422,
        "This token belongs to no person, and a request needs an author: make a token in your profile.",
      );
    }
    return { userId: identity.userId, name: identity.name, profile: identity.profile, address };
  }

  const ownOrAll = (who: Author, userId: string | null): boolean =>
    who.userId === userId || may(who.profile, "requests.all");

  /** A draft that this person may work on. @throws Problem 403, 404 */
  async function draftOf(who: Author, id: string): Promise<RequestDraftRecord> {
    const draft = await database.requestDrafts.one(id);
    if (draft === null) throw new Problem(404, `There is no draft ${id}.`);
    if (!ownOrAll(who, draft.userId)) throw notYours(id);
    return draft;
  }

  /** A routine request that this person may change. @throws Problem 403, 404, 409 */
  async function requestOf(who: Author, id: string): Promise<RequestRecord> {
    const request = await database.requests.one(id);
    if (request === null) throw new Problem(404, `There is no request ${id}.`);
    if (request.kind === "alert")
      throw new Problem(409, `${id} was made by an alert: strategies decide it, not people.`);
    if (!ownOrAll(who, request.userId)) throw notYours(id);
    return request;
  }

  /** What requests of a person are checked against now. */
  async function contextOf(userId: string): Promise<DeskContext> {
    const [programmes, balances] = await Promise.all([
      database.programmes.ofUser(userId),
      database.quota.balances(),
    ]);
    return {
      observatory,
      skies,
      nowMs: nowMs(),
      programmes: programmes.map(({ id, name }) => ({
        id,
        name,
        availableS: balances.get(id)?.availableS ?? 0,
      })),
    };
  }

  async function check(document: WrittenRequest, userId: string): Promise<WrittenCheck> {
    return builderOf(document).check(await contextOf(userId));
  }

  /** A first draft: the only programme is chosen, the first instrument has an album with one plan. */
  async function begin(who: Author): Promise<RequestDraftRecord> {
    const programmes = await database.programmes.ofUser(who.userId);
    const [instrument] = observatory.instruments;
    const plan = { filter: instrument?.filters[0] ?? "", exposureS: "", count: "1" };
    return keep(who, {
      name: "",
      comment: "",
      programmeId: programmes.length === 1 ? (programmes[0]?.id ?? "") : "",
      times: "utc",
      sequences: [
        {
          ...emptySequence(observatory.night.observingSunAltDeg),
          albums: instrument === undefined ? [] : [{ instrumentId: instrument.id, plans: [plan] }],
        },
      ],
    });
  }

  /** Keeps a written request as a new draft of this person. */
  async function keep(who: Author, document: WrittenRequest): Promise<RequestDraftRecord> {
    const draft = await database.requestDrafts.create({
      userId: who.userId,
      document,
      savedBy: who.name,
      wallMs: nowWallMs(),
    });
    await record(who, draft.id, "draft.create", `began request ${draft.id}`);
    return draft;
  }

  async function save(
    who: Author,
    id: string,
    version: number,
    document: WrittenRequest,
    savedFrom: string,
  ): Promise<DraftSave> {
    return database.requestDrafts.save({
      id,
      version,
      document,
      savedBy: who.name,
      savedFrom,
      wallMs: nowWallMs(),
    });
  }

  /** Deletes a draft; a request that was submitted before stays as it is. */
  async function discard(who: Author, id: string): Promise<void> {
    await draftOf(who, id);
    await database.requestDrafts.remove(id);
    await record(who, id, "draft.delete", `deleted the draft of ${id}`);
  }

  /** What a request says of itself, as somebody would have written it. */
  async function writtenRequest(request: RequestRecord, which: "all" | "editable"): Promise<WrittenRequest> {
    const sequences = (await database.sequences.ofRequest(request.id)).filter(
      ({ status }) => which === "all" || isEditable(status),
    );
    const { name, comment, programmeId } = request;
    const ids = which === "editable" ? sequences.map(({ id }) => id) : [];
    return writtenOf({ name, comment, programmeId, sequences: sequences.map(draftOfSequence) }, ids);
  }

  /**
   * Takes in what a file or a program brings: checked as a whole, and kept as a draft only when all of it is right.
   */
  async function bring(who: Author, document: WrittenRequest): Promise<Brought> {
    const checked = await check(document, who.userId);
    if (!checked.check.ok) return { kind: "wrong", errors: checked.errors };
    return { kind: "kept", draft: await keep(who, document), check: checked };
  }

  /** Opens a withdrawn request for editing: a draft with the sequences that are not over. @throws Problem 409 */
  async function edit(who: Author, id: string): Promise<RequestDraftRecord> {
    const draft = await database.requestDrafts.one(id);
    if (draft !== null) return draftOf(who, id);
    const request = await requestOf(who, id);
    if (request.status !== "withdrawn" && request.status !== "draft") {
      throw new Problem(409, `${id} is ${request.status}: unsubmit it before you change it, or copy it.`);
    }
    return database.requestDrafts.create({
      id,
      userId: request.userId ?? who.userId,
      document: await writtenRequest(request, "editable"),
      savedBy: who.name,
      wallMs: nowWallMs(),
    });
  }

  /** A new draft with what another request says; anybody's may be copied. */
  async function copy(who: Author, id: string): Promise<RequestDraftRecord> {
    const draft = await database.requestDrafts.one(id);
    if (draft !== null && ownOrAll(who, draft.userId)) {
      const sequences = draft.document.sequences.map((sequence) => ({ ...sequence, id: "" }));
      return keep(who, { ...draft.document, sequences });
    }
    const request = await database.requests.one(id);
    if (request === null) throw new Problem(404, `There is no request ${id}.`);
    return keep(who, await writtenRequest(request, "all"));
  }

  /**
   * Submits a draft: checked as a whole, saved whole or not at all, and the night is told.
   * @returns the check when something is wrong with it, null when it is submitted
   * @throws Problem 409 when it was changed meanwhile
   */
  async function submit(who: Author, id: string, version: number): Promise<Submission> {
    const draft = await draftOf(who, id);
    const checked = await check(draft.document, draft.userId);
    if (!checked.check.ok) return { kind: "wrong", check: checked };
    const conditions = await conditionsNow();
    const done = await database.requests.submitDraft({
      id,
      version,
      request: checked.check.request,
      sequenceIds: draft.document.sequences.map((sequence) => sequence.id),
      waitsFor: (sequence) => waitsFor(sequence, observatory, conditions),
      wallMs: nowWallMs(),
    });
    if (!done) {
      throw new Problem(
        409,
        `${id} was changed or submitted meanwhile: look at it again. Nothing was submitted.`,
      );
    }
    await record(who, id, "request.submit", `submitted request ${id}`);
    return { kind: "submitted", told: await tell(`request ${id} submitted by ${who.name}`) };
  }

  /**
   * Takes a submitted request back: what is reserved for it returns, and the night plans without it.
   * @throws Problem 409 with the sequences that hold it
   */
  async function unsubmit(who: Author, id: string): Promise<Submission & { readonly kind: "submitted" }> {
    const request = await requestOf(who, id);
    if (request.status !== "submitted") {
      throw new Problem(409, `${id} is ${request.status}: only a submitted request can be taken back.`);
    }
    const wallMs = nowWallMs();
    const { withdrawn, refusedBy } = await database.requests.withdraw(id, `withdrawn by ${who.name}`, wallMs);
    if (!withdrawn) throw new Problem(409, await heldWords(id, refusedBy));
    const sequences = new Set((await database.sequences.ofRequest(id)).map((sequence) => sequence.id));
    for (const open of await database.quota.openAttempts()) {
      if (!sequences.has(open.sequenceId)) continue;
      await database.quota.settle({
        sequenceId: open.sequenceId,
        attempt: open.attempt,
        atMs: nowMs(),
        atWallMs: wallMs,
        outcome: "cancelled",
        storedExposureS: 0,
        note: `withdrawn by ${who.name}`,
      });
    }
    await record(who, id, "request.withdraw", `unsubmitted request ${id}`);
    return { kind: "submitted", told: await tell(`request ${id} withdrawn by ${who.name}`) };
  }

  async function heldWords(id: string, sequenceIds: readonly string[]): Promise<string> {
    if (sequenceIds.length === 0)
      return `${id} was changed meanwhile: look at it again. Nothing was taken back.`;
    const executing = (await database.sequences.ofRequest(id)).some(({ status }) => status === "executing");
    return executing
      ? `${sequenceIds.join(", ")} is being observed now. Unsubmit ${id} when it has ended, or ask the operator to stop it.`
      : `${sequenceIds.join(", ")} was observed: nothing of ${id} is left to take back.`;
  }

  /** What monitoring sees now; null when the observatory does not answer: then nothing is said of it. */
  async function conditionsNow(): Promise<Conditions | null> {
    try {
      const state = await gateway.observatoryState();
      return { holds: state.holds, devices: state.watch?.devices ?? {} };
    } catch (error) {
      app.log.warn({ err: error }, "a request was submitted without knowing the conditions");
      return null;
    }
  }

  /** Tells the observatory, which lets the night plan again. False: nobody heard it; the next planning sees it anyway. */
  async function tell(reason: string): Promise<boolean> {
    try {
      await gateway.requestsChanged(reason);
      return true;
    } catch (error) {
      app.log.warn({ err: error }, "the night was not told of a changed request");
      return false;
    }
  }

  async function record(who: Author, id: string, action: string, did: string): Promise<void> {
    const atWallMs = nowWallMs();
    await database.audits.append({
      atWallMs,
      userId: who.userId,
      action,
      subject: id,
      address: who.address,
      details: { by: who.name },
    });
    await database.journal.append({
      atWallMs,
      atMs: nowMs(),
      level: "info",
      module: "requests",
      text: `${who.name} ${did}.`,
      userId: who.userId,
    });
  }

  return {
    author,
    nowMs,
    skies,
    foresee,
    ownOrAll,
    draftOf,
    requestOf,
    contextOf,
    check,
    begin,
    bring,
    keep,
    save,
    discard,
    edit,
    copy,
    submit,
    unsubmit,
    writtenRequest,
  };
}

/** What requests of a person are checked against, with what programmes are called. */
export interface DeskContext extends BuilderContext {
  readonly programmes: readonly (BuilderContext["programmes"][number] & { readonly name: string })[];
}

/** What came of a file. */
export type Brought =
  | { readonly kind: "wrong"; readonly errors: readonly FieldError[] }
  | { readonly kind: "kept"; readonly draft: RequestDraftRecord; readonly check: WrittenCheck };

/** What came of submitting. `told`: the night knows already. */
export type Submission =
  | { readonly kind: "wrong"; readonly check: WrittenCheck }
  | { readonly kind: "submitted"; readonly told: boolean };

function notYours(id: string): Problem {
  return new Problem(
    403,
    `${id} belongs to somebody else. Its author and experts may change it; you may copy it.`,
  );
}

/** A stored sequence as what was asked for. */
export function draftOfSequence(sequence: SequenceDetail): SequenceDraft {
  return {
    targetName: sequence.targetName,
    raDeg: sequence.raDeg,
    decDeg: sequence.decDeg,
    windowStartMs: sequence.windowStartMs,
    windowEndMs: sequence.windowEndMs,
    preferredMs: sequence.preferredMs,
    priority: sequence.priority,
    constraints: sequence.constraints,
    carryOverNights: sequence.carryOverNights,
    dither: sequence.dither,
    albums: sequence.albums.map(({ instrumentId, plans }) => ({
      instrumentId,
      plans: plans.map(({ filter, exposureS, count }) => ({ filter, exposureS, count })),
    })),
  };
}
