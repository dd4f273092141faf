import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import path from "node:path";
import type { FastifyReply } from "fastify";
import { Type } from "typebox";
import type { ImageRecord } from "../../../db/entities/image.ts";
import type { ApiContext } from "../../context.ts";
import { Problem, problems } from "../../problem.ts";
import { listOf, ListQuerySchema, PageNumber, pager } from "../lists.ts";
import { imageDetailJson, imageJson } from "./json.ts";
import { ImageDetailSchema, ImageSchema } from "./schema.ts";
import { imageModel, imagesModel } from "./view-model.ts";

const ON_PAGE = 60;
const IdSchema = Type.Object({ id: Type.String({ maxLength: 200 }) });
const Text = Type.Optional(Type.String({ maxLength: 200 }));

/** Images: the list, one with its header, the FITS file and its preview. */
export function imageRoutes({ app, deps, pages }: ApiContext): void {
  const { images, sequences } = deps.database;

  app.get(
    "/api/images",
    {
      config: { access: "read" },
      schema: {
        tags: ["images"],
        summary: "Images, newest first",
        querystring: Type.Object({
          ...ListQuerySchema.properties,
          nightId: Text,
          sequenceId: Text,
          cameraId: Text,
          filter: Text,
        }),
        response: { 200: listOf(ImageSchema), ...problems(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const { items, total } = await images.list(request.query);
      return { items: items.map(imageJson), total };
    },
  );

  // The id holds no dot, so that `.fits` and `.png` are told from it.
  app.get(
    "/api/images/:id.fits",
    { config: { access: "read" }, schema: { tags: ["images"], summary: "The FITS file", params: IdSchema } },
    async (request, reply) => {
      const image = await found(request.params.id);
      void reply.header("content-disposition", `attachment; filename="${path.basename(image.path)}"`);
      void reply.header("etag", `"${image.sha256}"`);
      return sendFile(reply, image.path, "application/fits");
    },
  );

  app.get(
    "/api/images/:id.png",
    { config: { access: "read" }, schema: { tags: ["images"], summary: "The preview", params: IdSchema } },
    async (request, reply) => {
      const image = await found(request.params.id);
      if (image.previewPath === null) throw new Problem(404, `Image ${image.id} has no preview.`);
      void reply.header("cache-control", "private, max-age=86400");
      return sendFile(reply, image.previewPath, "image/png");
    },
  );

  app.get(
    "/api/images/:id",
    {
      config: { access: "read" },
      schema: {
        tags: ["images"],
        summary: "One image with its FITS header",
        params: IdSchema,
        response: { 200: ImageDetailSchema, ...problems(401, 403, 404, 503) },
      },
    },
    async (request) => imageDetailJson(await found(request.params.id)),
  );

  app.get(
    "/images",
    {
      config: { access: "read" },
      schema: {
        querystring: Type.Object({
          night: Text,
          camera: Text,
          filter: Text,
          sequence: Text,
          page: PageNumber,
        }),
      },
    },
    async (request, reply) => {
      const { night = "", camera = "", filter = "", sequence = "", page = 1 } = request.query;
      const { items, total } = await images.list({
        limit: ON_PAGE,
        offset: (page - 1) * ON_PAGE,
        ...(night === "" ? {} : { nightId: `${deps.observatory.site.id}/${night}` }),
        ...(camera === "" ? {} : { cameraId: camera }),
        ...(filter === "" ? {} : { filter }),
        ...(sequence === "" ? {} : { sequenceId: sequence }),
      });
      const filters = { night, camera, filter, sequence };
      const lines = pager("/images", filters, page, ON_PAGE, total, "image");
      return pages.send(request, reply, "images/list", imagesModel(items, filters, lines));
    },
  );

  app.get(
    "/images/:id",
    { config: { access: "read" }, schema: { params: IdSchema } },
    async (request, reply) => {
      const image = await found(request.params.id);
      return pages.send(
        request,
        reply,
        "images/show",
        imageModel(image, await sequences.detail(image.sequenceId)),
      );
    },
  );

  async function found(id: string): Promise<ImageRecord> {
    const image = await images.one(id);
    if (image === null) throw new Problem(404, `There is no image ${id}.`);
    return image;
  }

  /** Sends a file below VESPER_HOME; its path comes from the database. */
  async function sendFile(reply: FastifyReply, relative: string, type: string): Promise<FastifyReply> {
    const file = path.resolve(deps.settings.home, relative);
    if (!file.startsWith(path.resolve(deps.settings.home) + path.sep)) {
      throw new Problem(404, `${relative} is not below VESPER_HOME.`);
    }
    try {
      const { size } = await stat(file);
      return await reply.type(type).header("content-length", size).send(createReadStream(file));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      throw new Problem(404, `The file ${relative} is not on this disk any more.`);
    }
  }
}
