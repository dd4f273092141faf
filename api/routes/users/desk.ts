import type { FastifyRequest } from "fastify";
import type { UserRecord } from "../../../db/entities/user.ts";
import { deletedLetter } from "../../../domain/people/letters.ts";
import { createAudit } from "../../audit.ts";
import type { ApiContext } from "../../context.ts";
import { Problem } from "../../problem.ts";
import { contentVersion } from "../../versions.ts";
import { mailTo, senderOf } from "../account/links.ts";

export type UserChange = Partial<Pick<UserRecord, "profile" | "state">>;

/** What administrators do with accounts, for pages and the API alike; each step is written down. */
export function createUserDesk({ app, deps, identities }: Pick<ApiContext, "app" | "deps" | "identities">) {
  const { database, nowWallMs } = deps;
  const audit = createAudit(deps);

  async function found(id: string): Promise<UserRecord> {
    const user = await database.users.byId(id);
    if (user === null) throw new Problem(404, `There is no user ${id}.`);
    return user;
  }

  /**
   * Changes profile or state.
   * @param version of the account that the change was made from; null: whatever it is
   * @throws Problem 404, 409
   */
  async function change(
    request: FastifyRequest,
    id: string,
    to: UserChange,
    version: string | null,
  ): Promise<UserRecord> {
    const user = await found(id);
    if (
      to.state === "active" &&
      user.state !== "disabled" &&
      user.state !== "refused" &&
      user.state !== "active"
    )
      throw new Problem(409, "This account is not disabled: it waits for its mail address or a decision.");
    const before = await database.accounts.change(
      id,
      to,
      (present) => version === null || version === userVersion(present),
    );
    refuseUnlessDone(before, id);
    identities.forgetUser(id);
    await audit(request, "user.change", id, {
      from: { profile: user.profile, state: user.state },
      to,
    });
    return found(id);
  }

  /** Deletes an account; what stays with its programme stays under its number. @throws Problem 404, 409 */
  async function remove(request: FastifyRequest, user: UserRecord, reason: string): Promise<void> {
    const sender = senderOf(deps);
    const removed = await database.accounts.remove(
      user.id,
      ({ id, mail, name }) => mailTo(mail, `deleted/${id}`, deletedLetter(sender, name)),
      nowWallMs(),
    );
    refuseUnlessDone(removed, user.id);
    identities.forgetUser(user.id);
    await deps.membership.forget(user.id).catch((error: unknown) => {
      app.log.warn({ err: error }, "a membership workflow of a deleted account lapses by itself");
    });
    await database.accounts.forget(user.mail, user.id);
    await audit(request, "user.delete", user.id, { reason });
  }

  return { found, change, remove };
}

/** What a change of an account names as the one that it was made from. */
export function userVersion({ id, mail, name, profile, state }: UserRecord): string {
  return contentVersion([id, mail, name, profile, state]);
}

function refuseUnlessDone(
  result: UserRecord | "missing" | "lastAdministrator" | "changed",
  id: string,
): void {
  if (result === "missing") throw new Problem(404, `There is no user ${id}.`);
  if (result === "changed")
    throw new Problem(
      409,
      `The account ${id} was changed by somebody else meanwhile. Nothing of yours was saved: look at it again, then choose.`,
    );
  if (result === "lastAdministrator")
    throw new Problem(
      409,
      "This is the last active administrator: nobody could let anybody in. Make another one first.",
    );
}
