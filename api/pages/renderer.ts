import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import Handlebars from "handlebars";

/** Turns view models into HTML. Templates know only if and each; every word comes from a view model. */
export interface Renderer {
  /** A page within the frame of every page. */
  page(name: string, model: object): string;
  /** A part of a page, without a frame: what live updates and dialogs swap in. */
  fragment(name: string, model: object): string;
}

/**
 * Compiles every template below `viewsFolder` once.
 * `partials/a-b.hbs` is the partial `a-b`; `pages/night/show.hbs` is the page `night/show`.
 */
export function createRenderer(viewsFolder: string): Renderer {
  const handlebars = Handlebars.create();
  for (const [name, source] of templates(path.join(viewsFolder, "partials"))) {
    handlebars.registerPartial(name, source);
  }
  // strict: a name that a view model does not have is an error in a test, not an empty place on a page.
  const compile = (source: string): Handlebars.TemplateDelegate =>
    handlebars.compile(source, { strict: true });
  const layout = compile(readFileSync(path.join(viewsFolder, "layouts", "page.hbs"), "utf8"));
  const pages = new Map(
    templates(path.join(viewsFolder, "pages")).map(([name, source]) => [name, compile(source)]),
  );
  const partials = new Map(
    templates(path.join(viewsFolder, "partials")).map(([name, source]) => [name, compile(source)]),
  );

  const run = (
    kind: string,
    map: Map<string, Handlebars.TemplateDelegate>,
    name: string,
    model: object,
  ): string => {
    const template = map.get(name);
    if (template === undefined) throw new Error(`there is no ${kind} "${name}" in the views`);
    return template(model);
  };
  return {
    page: (name, model) => layout({ ...model, body: run("page", pages, name, model) }),
    fragment: (name, model) => run("partial", partials, name, model),
  };
}

function templates(folder: string): [name: string, source: string][] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".hbs"))
    .map((file) => [
      file.replaceAll(path.sep, "/").slice(0, -".hbs".length),
      readFileSync(path.join(folder, file), "utf8"),
    ]);
}
