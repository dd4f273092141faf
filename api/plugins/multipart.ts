import type { App } from "../context.ts";
import { Problem } from "../problem.ts";

/**
 * Reads forms with files (multipart/form-data) into flat text fields, files too: the files that people hand in here are
 * text. The route's body limit holds for all of it. YAML comes as its text.
 */
export function acceptFileForms(app: App): void {
  app.addContentTypeParser("multipart/form-data", { parseAs: "buffer" }, (request, body, done) => {
    formFields(request.headers["content-type"] ?? "", Buffer.from(body)).then(
      (fields) => done(null, fields),
      () => done(new Problem(400, "The form with a file is not whole: send it again.")),
    );
  });
  app.addContentTypeParser(
    ["application/yaml", "application/x-yaml", "text/yaml"],
    { parseAs: "string" },
    (_request, body, done) => done(null, body),
  );
}

/** @throws TypeError when it is no form */
async function formFields(contentType: string, body: Buffer): Promise<Record<string, string>> {
  const form = await new Response(new Uint8Array(body), {
    headers: { "content-type": contentType },
  }).formData();
  const fields: Record<string, string> = {};
  for (const [name, value] of form) fields[name] = typeof value === "string" ? value : await value.text();
  return fields;
}
