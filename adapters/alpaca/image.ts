import { decodeImageBytes } from "../../protocol/image-bytes.ts";
import type { PixelImage } from "../../protocol/image-bytes.ts";
import { AlpacaError, BadAnswer } from "./errors.ts";
import { fieldOf } from "./fields.ts";
import { envelopeOf, requireOwnTransaction } from "./transport.ts";
import type { RawImage } from "./transport.ts";

export type { PixelImage, Pixels } from "../../protocol/image-bytes.ts";

const CALL = "GET imagearray";

/**
 * Pixels by rows of what `getImage` brought. Takes some 10 ms per megapixel: call it off the event loop.
 * Throws AlpacaError for the device's error, BadAnswer for what is no image.
 */
export function decodeRawImage(raw: RawImage): PixelImage {
  return raw.format === "imagebytes" ? decodeBinary(raw) : decodeJson(raw);
}

function decodeBinary(raw: RawImage): PixelImage {
  let answer;
  try {
    answer = decodeImageBytes(raw.body);
  } catch (error) {
    throw new BadAnswer(raw.device, CALL, error instanceof Error ? error.message : String(error));
  }
  if ("errorMessage" in answer) {
    throw new AlpacaError(raw.device, CALL, answer.header.errorNumber, answer.errorMessage);
  }
  requireOwnTransaction(raw.device, CALL, answer.header.clientTransactionId, raw.clientTransactionId);
  return answer.image;
}

/** JSON form: `Value[x][y]`, or `Value[x][y][plane]`, integers (Alpaca API Reference v12, ImageArray). */
function decodeJson(raw: RawImage): PixelImage {
  const fields = envelopeOf(raw.device, CALL, raw.body, raw.clientTransactionId);
  // Seen in the ascom-alpaca server of 2026: the image as an object of its own inside Value.
  const inner = fieldOf(fields, "Value");
  const image = typeof inner === "object" && inner !== null && !Array.isArray(inner) ? inner : fields;
  const [value, rank] = [fieldOf(image, "Value"), fieldOf(image, "Rank")];
  if (rank !== 2 && rank !== 3) {
    throw new BadAnswer(raw.device, CALL, `Rank is ${JSON.stringify(rank)}, must be 2 or 3`);
  }
  const columns = listOf(raw, value, "Value");
  const first = listOf(raw, columns[0], "Value[0]");
  const width = columns.length;
  const height = first.length;
  const planes = rank === 3 ? listOf(raw, first[0], "Value[0][0]").length : 1;
  const pixels = new Int32Array(width * height * planes);
  columns.forEach((column, x) => {
    const cells = listOf(raw, column, `Value[${x}]`);
    if (cells.length !== height) {
      throw new BadAnswer(raw.device, CALL, `Value[${x}] has ${cells.length} pixels, Value[0] has ${height}`);
    }
    cells.forEach((cell, y) => {
      const values = rank === 3 ? listOf(raw, cell, `Value[${x}][${y}]`) : [cell];
      for (let plane = 0; plane < planes; plane++) {
        const pixel = values[plane];
        if (typeof pixel !== "number") {
          throw new BadAnswer(
            raw.device,
            CALL,
            `Value[${x}][${y}] is ${JSON.stringify(pixel)}, not a number`,
          );
        }
        pixels[(y * width + x) * planes + plane] = pixel;
      }
    });
  });
  return { width, height, planes, pixels };
}

function listOf(raw: RawImage, value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw new BadAnswer(raw.device, CALL, `${name} is not a list with at least one element`);
  }
  return value;
}
