import { Type } from "typebox";

/** A response that is a file, for the description of its route. */
export function fileOf(mediaType: string, description: string, example?: unknown) {
  return {
    description,
    content: {
      [mediaType]:
        example === undefined
          ? { schema: Type.Unsafe<unknown>({ type: "string", format: "binary" }) }
          : { schema: Type.Unsafe<unknown>({ type: "object" }), example },
    },
  };
}
