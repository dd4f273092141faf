import { STATUS_CODES } from "node:http";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { NotAnsweringError } from "../../adapters/temporal/not-answering.ts";
import { isDatabaseUnavailable } from "../../db/connection.ts";
import type { Pages } from "../pages/pages.ts";
import { Problem } from "../problem.ts";
import type { ProblemDetails } from "../problem.ts";
import { validationSentence } from "../validation-sentence.ts";

/**
 * Answers every failure in words: problem details (RFC 9457) below /api, a page elsewhere. What is not expected is
 * logged whole and told as an id only.
 */
export function addErrors(app: FastifyInstance, pages: Pages): void {
  app.setErrorHandler(async (error: FastifyError, request, reply) => {
    const problem = problemOf(error, request);
    if (problem.status >= 500) {
      request.log[problem.status === 503 ? "warn" : "error"]({ err: error }, "request failed");
    }
    return answer(request, reply, problem);
  });
  app.setNotFoundHandler(async (request, reply) =>
    answer(request, reply, new Problem(404, `There is nothing at ${request.url.split("?")[0]}.`)),
  );

  async function answer(
    request: FastifyRequest,
    reply: FastifyReply,
    problem: Problem,
  ): Promise<FastifyReply> {
    for (const [name, value] of Object.entries(problem.headers)) void reply.header(name, value);
    if (!wantsPage(request)) {
      const details: ProblemDetails = {
        type: "about:blank",
        title: STATUS_CODES[problem.status] ?? "Problem",
        status: problem.status,
        detail: problem.message,
        instance: request.id,
      };
      return reply
        .status(problem.status)
        .header("content-type", "application/problem+json; charset=utf-8")
        .serializer(JSON.stringify)
        .send(details);
    }
    return pages.problem(request, reply, problem);
  }
}

/** Answers an address that no route can read: too long, or wrongly escaped. */
export function answerBadAddress(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const status = error.statusCode ?? 400;
  const detail =
    status === 414
      ? "The address is too long: no name in it may have more than 1000 characters."
      : "The address is not well written: a percent sign in it begins no character.";
  void reply
    .status(status)
    .header("content-type", "application/problem+json; charset=utf-8")
    .send(
      JSON.stringify({
        type: "about:blank",
        title: STATUS_CODES[status] ?? "Problem",
        status,
        detail,
        instance: request.id,
      }),
    );
}

function wantsPage(request: FastifyRequest): boolean {
  const { pathname } = new URL(request.url, "http://any");
  return !(
    pathname.startsWith("/api/") ||
    pathname === "/healthz" ||
    pathname === "/readyz" ||
    pathname === "/events"
  );
}

function problemOf(error: FastifyError, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof NotAnsweringError) return new Problem(503, error.message);
  if (isDatabaseUnavailable(error)) {
    return new Problem(
      503,
      "The database does not answer. The night goes on without it; try again in a few seconds.",
    );
  }
  if (error.validation !== undefined) return new Problem(400, validationSentence(error, request));
  if (error.code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    return new Problem(
      413,
      `The body is too large: at most ${request.routeOptions.bodyLimit} bytes are taken.`,
    );
  }
  if (error.code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    const type = request.headers["content-type"] ?? "";
    return new Problem(415, `The body is of the type "${type}", which is not taken here.`);
  }
  const { statusCode } = error;
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new Problem(statusCode, error.message.replace(/([^.!?…])$/, "$1."));
  return new Problem(500, `This could not be done: something unexpected happened. Id ${request.id}.`);
}
