import type { FastifyRequest } from "fastify";
import type { ProgrammeRecord } from "../../../db/entities/programme.ts";
import type { ProgrammeSave } from "../../../db/repositories/programmes.ts";
import { observatoryMs } from "../../../domain/clock.ts";
import type { FieldProblem } from "../../../domain/people/account.ts";
import { createAudit } from "../../audit.ts";
import type { ApiContext } from "../../context.ts";
import { Problem } from "../../problem.ts";
import { contentVersion } from "../../versions.ts";

export type ProgrammeDesk = ReturnType<typeof createProgrammeDesk>;
export type Role = "pi" | "member";

/** What administrators do with programmes, for pages and the API alike; each step is written down. */
export function createProgrammeDesk({ deps }: Pick<ApiContext, "deps">) {
  const { database } = deps;
  const audit = createAudit(deps);

  async function found(id: string): Promise<ProgrammeRecord> {
    const programme = await database.programmes.byId(id);
    if (programme === null) throw new Problem(404, `There is no programme ${id}.`);
    return programme;
  }

  /** @param isCurrent whether the programme that there is, is the one that was edited */
  async function save(
    request: FastifyRequest,
    programme: ProgrammeRecord,
    isCurrent: (before: ProgrammeRecord | null) => boolean,
  ): Promise<ProgrammeSave> {
    const result = await database.programmes.save(programme, isCurrent);
    if (result.kind === "changed") return result;
    const { before } = result;
    await audit(request, before === null ? "programme.create" : "programme.change", programme.id, {
      from: before,
      to: programme,
    });
    return result;
  }

  /** @throws Problem 404, 409 for a grant that was given before */
  async function grant(
    request: FastifyRequest,
    programmeId: string,
    grantName: string,
    hours: number,
    note: string,
  ): Promise<void> {
    await found(programmeId);
    const wallMs = deps.nowWallMs();
    const before = await database.quota.balance(programmeId);
    const seconds = Math.round(hours * 3_600_000) / 1_000;
    await database.quota.grant({
      programmeId,
      grantName,
      seconds,
      atMs: observatoryMs(deps.clock(), wallMs),
      atWallMs: wallMs,
      note: note === "" ? "granted by an administrator" : note,
    });
    const after = await database.quota.balance(programmeId);
    if (after.grantedS === before.grantedS)
      throw new Problem(
        409,
        `${programmeId} has a grant "${grantName}" already. Grants are not given twice: use another name.`,
      );
    await audit(request, "programme.grant", programmeId, { grantName, seconds });
  }

  /**
   * Gives a person a role in a programme, or takes it.
   * @param who number or mail address
   * @returns what is wrong with the name, or null when it is done
   */
  async function setMember(
    request: FastifyRequest,
    programmeId: string,
    who: string,
    role: Role | "none",
  ): Promise<FieldProblem | null> {
    const user = (await database.users.byMail(who)) ?? (await database.users.byId(who.trim()));
    if (user === null || user.state === "deleted") {
      return {
        field: "member",
        words: `Member: there is no user "${who}". Enter a mail address or a number such as U0003.`,
      };
    }
    if (role === "none") await database.programmes.removeMember(user.id, programmeId);
    else await database.programmes.addMember({ userId: user.id, programmeId, role });
    await audit(request, "programme.member", programmeId, { userId: user.id, role });
    return null;
  }

  return { found, save, grant, setMember };
}

/** What an edit of a programme names as the one that it was made from. */
export function programmeVersion({ id, name, kind, priority, description, active }: ProgrammeRecord): string {
  return contentVersion([id, name, kind, priority, description, active]);
}
