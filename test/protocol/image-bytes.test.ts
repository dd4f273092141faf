import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import {
  ImageElementType,
  decodeImageBytes,
  encodeImageBytes,
  encodeImageBytesError,
} from "../../protocol/image-bytes.ts";

const ids = { clientTransactionId: 7, serverTransactionId: 4_000_000_000 };

/** An ImageBytes answer written by hand, field by field. */
function byHand(
  element: number,
  rank: number,
  dimensions: readonly number[],
  data: Uint8Array,
  dataStart = 44,
): Uint8Array {
  const bytes = new Uint8Array(dataStart + data.length);
  const view = new DataView(bytes.buffer);
  const fields = [1, 0, 7, 8, dataStart, 2, element, rank, ...dimensions];
  for (const [index, value] of fields.entries()) view.setInt32(index * 4, value, true);
  bytes.set(data, dataStart);
  return bytes;
}

describe("encoding", () => {
  test("writes the header of the reference and Y fastest", () => {
    const bytes = encodeImageBytes(
      { width: 3, height: 2, planes: 1, pixels: Uint16Array.of(1, 2, 3, 4, 5, 60_000) },
      ids,
    );
    const view = new DataView(bytes.buffer);
    const fields = Array.from({ length: 11 }, (_, index) => view.getUint32(index * 4, true));
    expect(fields).toEqual([1, 0, 7, 4_000_000_000, 44, 2, 8, 2, 3, 2, 0]);
    const data = Array.from({ length: 6 }, (_, index) => view.getUint16(44 + index * 2, true));
    expect(data).toEqual([1, 4, 2, 5, 3, 60_000]);
  });

  test("what is encoded comes back, whatever the size", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 90 }),
        fc.integer({ min: 1, max: 90 }),
        fc.nat(),
        (width, height, seed) => {
          const pixels = Uint16Array.from(
            { length: width * height },
            (_, index) => (index * 7_919 + seed) % 65_536,
          );
          const answer = decodeImageBytes(encodeImageBytes({ width, height, planes: 1, pixels }, ids));
          expect(answer).toMatchObject({ image: { width, height, planes: 1, pixels } });
        },
      ),
      { numRuns: 40 },
    );
  });

  test("refuses pixels that do not fill the frame", () => {
    expect(() =>
      encodeImageBytes({ width: 3, height: 2, planes: 1, pixels: new Uint16Array(5) }, ids),
    ).toThrow("3 x 2 x 1 has 5 pixels");
  });

  test("errors travel with number and message", () => {
    const answer = decodeImageBytes(encodeImageBytesError(0x40b, "there is no image: é", ids));
    expect(answer).toMatchObject({
      header: { errorNumber: 0x40b, clientTransactionId: 7 },
      errorMessage: "there is no image: é",
    });
  });
});

describe("decoding", () => {
  test.each([
    [ImageElementType.Byte, Uint8Array.of(1, 200), [1, 200]],
    [ImageElementType.Int16, Int16Array.of(-5, 300), [-5, 300]],
    [ImageElementType.Int32, Int32Array.of(-70_000, 8), [-70_000, 8]],
    [ImageElementType.UInt32, Uint32Array.of(4_000_000_000, 1), [4_000_000_000, 1]],
    [ImageElementType.Single, Float32Array.of(0.5, -2), [0.5, -2]],
    [ImageElementType.Double, Float64Array.of(1e-9, 2), [1e-9, 2]],
    [ImageElementType.Int64, BigInt64Array.of(-3n, 9n), [-3, 9]],
    [ImageElementType.UInt64, BigUint64Array.of(3n, 9n), [3, 9]],
  ])("element type %i", (element, data, values) => {
    const raw = new Uint8Array(data.buffer);
    const answer = decodeImageBytes(byHand(element, 2, [1, 2, 0], raw, 47));
    expect("image" in answer && [...answer.image.pixels]).toEqual(values);
  });

  test("colour planes stay together", () => {
    // 2 x 1 pixels of 3 planes.
    const answer = decodeImageBytes(
      byHand(ImageElementType.Byte, 3, [2, 1, 3], Uint8Array.of(1, 2, 3, 4, 5, 6)),
    );
    expect(answer).toMatchObject({ image: { width: 2, height: 1, planes: 3 } });
    expect("image" in answer && [...answer.image.pixels]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test.each([
    ["header", () => new Uint8Array(10), "the header alone has 44"],
    ["version", () => byHand(8, 2, [1, 1, 0], new Uint8Array(2)).fill(9, 0, 1), "MetadataVersion is 9"],
    ["data start", () => byHand(8, 2, [1, 1, 0], new Uint8Array(2)).fill(3, 16, 17), "DataStart is 3"],
    ["element type", () => byHand(77, 2, [1, 1, 0], new Uint8Array(2)), "TransmissionElementType is 77"],
    ["rank", () => byHand(8, 5, [1, 1, 0], new Uint8Array(2)), "Rank is 5"],
    ["dimensions", () => byHand(8, 2, [0, 1, 0], new Uint8Array(2)), "must be positive"],
    ["length", () => byHand(8, 2, [9, 9, 0], new Uint8Array(2)), "the dimensions need 206"],
  ])("bytes with a wrong %s are refused naming it", (_, bytes, message) => {
    expect(() => decodeImageBytes(bytes())).toThrow(message);
  });

  test("whatever the header claims, the answer is pixels that were sent or a RangeError", () => {
    const dimension = fc.oneof(fc.integer({ min: -2, max: 6 }), fc.integer());
    fc.assert(
      fc.property(
        fc.integer({ min: -1, max: 11 }),
        fc.integer({ min: 1, max: 4 }),
        fc.tuple(dimension, dimension, dimension),
        fc.uint8Array({ maxLength: 80 }),
        (element, rank, dimensions, data) => {
          let pixels = 0;
          try {
            const answer = decodeImageBytes(byHand(element, rank, dimensions, data));
            pixels = "image" in answer ? answer.image.pixels.length : 0;
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError);
          }
          expect(pixels).toBeLessThanOrEqual(data.length);
        },
      ),
      { numRuns: 500 },
    );
  });
});
