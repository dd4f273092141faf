import { createHash } from "node:crypto";
import { DatabaseUnavailable, isDatabaseUnavailable } from "../db/connection.ts";
import type { IntakeRepository, TakenNotice } from "../db/repositories/intake.ts";
import type { JournalRepository } from "../db/repositories/journal.ts";
import { guardBytes, type RefusalCode } from "../domain/alerts/guard.ts";
import { type Notice, NoticeError, parseNotice } from "../domain/alerts/parse.ts";
import { observatoryMs } from "../domain/clock.ts";
import { createDeliverer, type DeliveryDeps, type Setting } from "./deliver.ts";
import { joinNotice, possibleAlertKeys } from "./join.ts";

/** What came of a message. */
export type IntakeResult =
  | {
      readonly kind: "taken";
      readonly ivorn: string;
      readonly noticeId: number;
      /** Null when the notice belongs to no event. */
      readonly alertKey: string | null;
      readonly workflowId: string | null;
      /** The same message was there before. */
      readonly duplicate: boolean;
      /** Stored, but Temporal has not acknowledged it yet: it is sent again by itself. */
      readonly queued: boolean;
      readonly decision: string;
      readonly reason: string;
    }
  | { readonly kind: "refused"; readonly code: RefusalCode; readonly reason: string };

export interface IntakeDeps extends DeliveryDeps {
  readonly database: DeliveryDeps["database"] & {
    readonly intake: IntakeRepository;
    readonly journal: Pick<JournalRepository, "append">;
  };
  /** Told of what did not stop the intake: a delivery that has to be repeated, a journal line that was not written. */
  readonly onProblem: (problem: Error) => void;
  /** Called between commit and delivery; for tests that stop here. */
  readonly afterCommit?: (noticeId: number) => Promise<void>;
  /** Longest wait for the database, wall ms; 2600 when absent. */
  readonly storeLimitMs?: number;
  /** Longest wait for Temporal, wall ms; 500 when absent. */
  readonly deliveryLimitMs?: number;
}

export type Intake = ReturnType<typeof createIntake>;

/** The one path every alert notice takes in, whatever its door. */
export function createIntake(deps: IntakeDeps) {
  const { deliver, setting } = createDeliverer(deps);
  const siteId = deps.observatory.site.id;
  /** Messages under way by the digest of their bytes: copies that come meanwhile wait for the first. */
  const underWay = new Map<string, Promise<Stored>>();

  /**
   * Takes one message: guards, stores it durably with its alert, hands it to the alert's workflow. When this returns
   * `taken`, the message is durable. Refused messages are not stored.
   * @param bytes the message exactly as it arrived
   * @param door the way it came: webhook, simulate, kafka, vtp …
   * @param receivedWallMs wall time of arrival, Unix ms
   * @throws DatabaseUnavailable when the database did not answer in time: nothing is half stored, send it again
   */
  const take = async (bytes: Uint8Array, door: string, receivedWallMs: number): Promise<IntakeResult> => {
    const guarded = guardBytes(bytes);
    if (!guarded.ok) return { kind: "refused", code: guarded.code, reason: guarded.reason };
    let notice: Notice;
    try {
      notice = parseNotice(guarded.text, guarded.format);
    } catch (error) {
      if (!(error instanceof NoticeError)) throw error;
      return { kind: "refused", code: "malformed", reason: error.message };
    }
    const digest = createHash("sha256").update(bytes).digest("hex");
    const first = underWay.get(digest);
    if (first !== undefined) return resultOf(notice, { ...(await first), copy: true });
    const stored = storeAndHandOver({ bytes, digest, notice, door, receivedWallMs });
    underWay.set(digest, stored);
    try {
      return resultOf(notice, await stored);
    } finally {
      underWay.delete(digest);
    }
  };

  const storeAndHandOver = async (message: Message): Promise<Stored> => {
    const began = performance.now();
    const { taken, now } = await within(deps.storeLimitMs ?? 2_600, store(message));
    await deps.afterCommit?.(taken.notice.id);
    const storedInMs = performance.now() - began;
    const queued = !(await handOver(taken, now, storedInMs));
    if (!taken.duplicate) journal(message.notice, taken, queued);
    return { taken, queued };
  };

  const store = async (message: Message): Promise<{ taken: TakenNotice; now: Setting }> => {
    const { bytes, digest, notice, door, receivedWallMs } = message;
    const clock = deps.clock();
    const receivedMs = observatoryMs(clock, receivedWallMs);
    const now = await setting();
    const { strategy } = now;
    const taken = await deps.database.intake.take(
      {
        row: {
          site: siteId,
          ivorn: notice.ivorn,
          digest,
          raw: Buffer.from(bytes),
          door,
          receivedMs,
          receivedWallMs,
          parsed: { ...notice },
        },
        possibleAlertKeys: possibleAlertKeys(notice),
        citedIvorns: notice.citations.map((citation) => citation.ivorn),
        t0Ms: notice.t0Ms,
      },
      (near) => joinNotice(notice, near, { siteId, strategy, clock, receivedMs, receivedWallMs }),
    );
    return { taken, now };
  };

  /** True when nothing is left to deliver. A duplicate of a notice that still waits is a good moment to send that one. */
  const handOver = async ({ notice }: TakenNotice, now: Setting, storedInMs: number): Promise<boolean> => {
    const { alertKey } = notice;
    if (!notice.needsDelivery || alertKey === null || notice.deliveredWallMs !== null) return true;
    // A sender waits a second at most, whatever the database took of it.
    const limitMs = Math.max(100, Math.min(deps.deliveryLimitMs ?? 500, 850 - storedInMs));
    try {
      await deliver({ ...notice, alertKey }, now, limitMs);
      return true;
    } catch (cause) {
      const problem = `notice ${notice.id} of ${alertKey} is stored but was not delivered; it is sent again`;
      deps.onProblem(new Error(problem, { cause }));
      return false;
    }
  };

  /** The journal is not waited for: the answer to the sender, and the telescope, come first. */
  const journal = (notice: Notice, { notice: row, alert }: TakenNotice, queued: boolean): void => {
    const subject = alert === null ? "no alert" : alert.key;
    deps.database.journal
      .append({
        atWallMs: row.receivedWallMs,
        atMs: row.receivedMs,
        level: queued ? "warning" : "info",
        module: "alert",
        text: `Notice ${notice.stream} by ${row.door}: ${row.decision}, ${subject}: ${row.reason}${queued ? "; Temporal does not answer, it is sent again" : ""}`,
        alertKey: row.alertKey,
        onceKey: `notice/${row.id}`,
      })
      .catch((cause: unknown) => {
        deps.onProblem(new Error(`journal line of notice ${row.id} was not written`, { cause }));
      });
  };

  return { take };
}

/** A message on its way in. */
interface Message {
  readonly bytes: Uint8Array;
  readonly digest: string;
  readonly notice: Notice;
  readonly door: string;
  readonly receivedWallMs: number;
}

interface Stored {
  readonly taken: TakenNotice;
  readonly queued: boolean;
  /** Waited for another copy of the same bytes. */
  readonly copy?: boolean;
}

function resultOf(notice: Notice, { taken, queued, copy }: Stored): IntakeResult {
  return {
    kind: "taken",
    ivorn: notice.ivorn,
    noticeId: taken.notice.id,
    alertKey: taken.notice.alertKey,
    workflowId: taken.alert?.workflowId ?? null,
    duplicate: copy === true || taken.duplicate || taken.notice.reason.startsWith(SAME_CONTENT),
    queued,
    decision: taken.notice.decision,
    reason: taken.notice.reason,
  };
}

/** How association says that the same notice came through another door, in other bytes. */
const SAME_CONTENT = "the same notice is already in";

/** The answer, or DatabaseUnavailable when it takes longer: then the connection hangs up and nothing stays half done. */
async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new DatabaseUnavailable(`the database did not answer within ${limitMs} ms`));
    }, limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } catch (error) {
    if (error instanceof DatabaseUnavailable || !isDatabaseUnavailable(error)) throw error;
    throw new DatabaseUnavailable("the database cannot be reached", { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
