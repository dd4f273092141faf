import type { FastifyReply } from "fastify";
import { Type } from "typebox";
import type { CalibratedImageRecord } from "../../../db/entities/calibrated-image.ts";
import type { ImageRecord } from "../../../db/entities/image.ts";
import type { ApiContext } from "../../context.ts";
import { Problem, problems } from "../../problem.ts";
import type { Pictures } from "../../pictures/pictures.ts";
import { fileOf as fileSchema } from "../file-schema.ts";
import {
  cursorOf,
  LongListQuerySchema,
  longListOf,
  longPager,
  LongPageSchema,
  longQuery,
  nextCursor,
} from "../lists.ts";
import { imageArchive, type ArchiveKind } from "./archive.ts";
import { fileBelowHome, sendFits, sendStoredFile } from "./files.ts";
import { imageDetailJson, imageJson } from "./json.ts";
import { ArchiveKindSchema, ImageDetailSchema, ImageSchema, StretchSchema, ViewSchema } from "./schema.ts";
import { imageModel, imagesModel, VIEW_WORDS, type ImageView } from "./view-model.ts";

const ON_PAGE = 60;
/** Longest side of a preview, pixels. */
const PREVIEW_SIDE = 1_024;
const IdSchema = Type.Object({ id: Type.String({ maxLength: 200 }) });
const Text = Type.Optional(Type.String({ maxLength: 200 }));

/** Images: the list, one with its header, the FITS file and its pictures, archives. */
export function imageRoutes({ app, deps, pages }: ApiContext, pictures: Pictures): void {
  const { images, sequences, calibratedImages } = deps.database;

  app.get(
    "/api/images",
    {
      config: { access: "read" },
      schema: {
        tags: ["images"],
        summary: "Images, newest first",
        querystring: Type.Object({
          ...LongListQuerySchema.properties,
          nightId: Text,
          sequenceId: Text,
          cameraId: Text,
          filter: Text,
        }),
        response: { 200: longListOf(ImageSchema), ...problems(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const { after, limit = 50, ...query } = request.query;
      const neighbour = cursorOf(after);
      const list = await images.list({
        ...query,
        limit,
        ...(neighbour === undefined ? {} : { after: neighbour }),
      });
      return { ...list, items: list.items.map(imageJson), next: nextCursor(list.items, limit, placeOf) };
    },
  );

  // The id holds no dot, so that `.fits` and `.png` are told from it.
  app.get(
    "/api/images/:id.fits",
    {
      config: { access: "read" },
      schema: {
        tags: ["images"],
        summary: "The FITS file: raw, quick-look or final",
        params: IdSchema,
        querystring: Type.Object({ view: Type.Optional(ViewSchema) }),
        response: { 200: fileSchema("application/fits", "FITS"), ...problems(400, 401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      const image = await found(request.params.id);
      return sendFits(deps, reply, await fileOf(image, request.query.view ?? "raw"));
    },
  );

  app.get(
    "/api/images/:id.png",
    {
      config: { access: "read" },
      schema: {
        tags: ["images"],
        summary: "The preview; with `stretch` or `full` made of the file anew",
        params: IdSchema,
        querystring: Type.Object({
          view: Type.Optional(ViewSchema),
          stretch: Type.Optional(StretchSchema),
          full: Type.Optional(Type.Boolean({ description: "Every pixel; else at most 1024 a side" })),
        }),
        response: { 200: fileSchema("image/png", "PNG"), ...problems(400, 401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      const { view = "raw", stretch, full = false } = request.query;
      const image = await found(request.params.id);
      const file = await fileOf(image, view);
      void reply.header("cache-control", "private, max-age=86400");
      if (stretch === undefined && !full) {
        if (file.previewPath === null) throw new Problem(404, `Image ${image.id} has no preview.`);
        return sendStoredFile(deps, reply, file.previewPath, "image/png");
      }
      const { png } = await pictures.make({
        file: fileBelowHome(deps, file.path),
        stretch: stretch ?? "asinh",
        maxSide: full ? Number.MAX_SAFE_INTEGER : PREVIEW_SIDE,
      });
      return reply.type("image/png").send(Buffer.from(png ?? []));
    },
  );

  app.get(
    "/api/sequences/:id.tar",
    {
      config: { access: "read" },
      schema: {
        tags: ["images"],
        summary: "The FITS files of a sequence as a tar",
        params: IdSchema,
        querystring: Type.Object({ kind: Type.Optional(ArchiveKindSchema) }),
        response: { 200: fileSchema("application/x-tar", "tar"), ...problems(400, 401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      const sequence = await sequences.detail(request.params.id);
      if (sequence === null) throw new Problem(404, `There is no sequence ${request.params.id}.`);
      return sendArchive(reply, sequence.id, [sequence.id], request.query.kind ?? "best");
    },
  );

  app.get(
    "/api/requests/:id.tar",
    {
      config: { access: "read" },
      schema: {
        tags: ["images"],
        summary: "The FITS files of a request as a tar",
        params: IdSchema,
        querystring: Type.Object({ kind: Type.Optional(ArchiveKindSchema) }),
        response: { 200: fileSchema("application/x-tar", "tar"), ...problems(400, 401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      if ((await deps.database.requests.one(id)) === null)
        throw new Problem(404, `There is no request ${id}.`);
      const found = await sequences.ofRequest(id);
      const sequenceIds = found.map((sequence) => sequence.id);
      return sendArchive(reply, id, sequenceIds, request.query.kind ?? "best");
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
    async (request) => {
      const image = await found(request.params.id);
      return imageDetailJson(image, await calibratedOf(image));
    },
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
          ...LongPageSchema,
        }),
      },
    },
    async (request, reply) => {
      const { night = "", camera = "", filter = "", sequence = "", page = 1 } = request.query;
      const list = await images.list({
        ...longQuery(request.query, ON_PAGE),
        ...(night === "" ? {} : { nightId: `${deps.observatory.site.id}/${night}` }),
        ...(camera === "" ? {} : { cameraId: camera }),
        ...(filter === "" ? {} : { filter }),
        ...(sequence === "" ? {} : { sequenceId: sequence }),
      });
      const filters = { night, camera, filter, sequence };
      const { items } = list;
      const lines = longPager("/images", filters, page, ON_PAGE, list, placeOf, "image");
      const calibrated = await calibratedImages.ofImages(items.map(({ id }) => id));
      const { instruments } = deps.observatory;
      return pages.send(
        request,
        reply,
        "images/list",
        imagesModel(items, calibrated, filters, lines, instruments),
      );
    },
  );

  app.get(
    "/images/:id",
    {
      config: { access: "read" },
      schema: {
        params: IdSchema,
        querystring: Type.Object({
          view: Type.Optional(ViewSchema),
          stretch: Type.Optional(StretchSchema),
          zoom: Type.Optional(
            Type.Union([Type.Literal("fit"), Type.Literal("1"), Type.Literal("2"), Type.Literal("4")]),
          ),
        }),
      },
    },
    async (request, reply) => {
      const image = await found(request.params.id);
      const calibrated = await calibratedOf(image);
      const best =
        calibrated.find(({ kind }) => kind === "final") ??
        calibrated.find(({ kind }) => kind === "quicklook");
      const view = request.query.view ?? best?.kind ?? "raw";
      const file = await fileOf(image, view);
      const [sequence, histogram] = await Promise.all([
        sequences.detail(image.sequenceId),
        pictures
          .make({ file: fileBelowHome(deps, file.path), stretch: null, maxSide: PREVIEW_SIDE })
          .then((picture) => ({ histogram: picture.histogram, problem: "" }))
          .catch((error: unknown) => ({
            histogram: null,
            problem: error instanceof Error ? error.message : String(error),
          })),
      ]);
      const { stretch = "asinh", zoom = "fit" } = request.query;
      return pages.send(
        request,
        reply,
        "images/show",
        imageModel({ image, calibrated, view, stretch, zoom, sequence, ...histogram }),
      );
    },
  );

  async function found(id: string): Promise<ImageRecord> {
    const image = await images.one(id);
    if (image === null) throw new Problem(404, `There is no image ${id}.`);
    return image;
  }

  async function calibratedOf({ id }: ImageRecord): Promise<readonly CalibratedImageRecord[]> {
    return (await calibratedImages.ofImages([id])).get(id) ?? [];
  }

  /** The file of one view of an image. @throws Problem 404 when it was not made */
  async function fileOf(
    image: ImageRecord,
    view: ImageView,
  ): Promise<Pick<ImageRecord, "path" | "sha256" | "previewPath">> {
    if (view === "raw") return image;
    const calibrated = (await calibratedOf(image)).find(({ kind }) => kind === view);
    if (calibrated === undefined)
      throw new Problem(404, `There is no ${VIEW_WORDS[view]} image of ${image.id} yet.`);
    return calibrated;
  }

  async function sendArchive(
    reply: FastifyReply,
    name: string,
    sequenceIds: readonly string[],
    kind: ArchiveKind,
  ): Promise<FastifyReply> {
    void reply.header("content-disposition", `attachment; filename="${name}-${kind}.tar"`);
    return reply.type("application/x-tar").send(await imageArchive(deps, sequenceIds, kind));
  }
}

/** Where an image stands in the list. */
function placeOf({ startMs, id }: Pick<ImageRecord, "startMs" | "id">) {
  return { atMs: startMs, id };
}
