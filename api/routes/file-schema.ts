import { Type } from "typebox";

/** A response that is a file, for the description of its route. */
export function fileOf(mediaType: string, description: string) {
  return {
    description,
    content: { [mediaType]: { schema: Type.Unsafe<unknown>({ type: "string", format: "binary" }) } },
  };
}
