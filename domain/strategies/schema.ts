const PLAN_SCHEMA = {
  type: "array",
  maxItems: 50,
  items: {
    type: "object",
    additionalProperties: false,
    required: ["instrument", "filter", "exposureS", "count"],
    properties: {
      instrument: { type: "string", minLength: 1 },
      filter: { type: "string", minLength: 1 },
      exposureS: { type: "number", exclusiveMinimum: 0, maximum: 3_600 },
      count: { type: "integer", minimum: 1, maximum: 1_000 },
    },
  },
} as const;

/** JSON Schema (draft 7) of a strategy file; `Strategy` in `strategy.ts` is the same in TypeScript. */
export const STRATEGY_SCHEMA = {
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "Vesper alert strategy",
  type: "object",
  additionalProperties: false,
  required: ["name", "description", "limits", "rules"],
  properties: {
    $schema: { type: "string" },
    name: { type: "string", pattern: "^[a-z][a-z0-9-]{0,39}$" },
    description: { type: "string", maxLength: 2_000 },
    limits: {
      type: "object",
      additionalProperties: false,
      required: ["maxFutureS", "minAltDeg", "maxSunAltDeg", "minMoonSepDeg", "repointDeg"],
      properties: {
        maxFutureS: { type: "number", minimum: 0, maximum: 3_600 },
        minAltDeg: { type: "number", minimum: 0, maximum: 89 },
        maxSunAltDeg: { type: "number", minimum: -30, maximum: 0 },
        minMoonSepDeg: { type: "number", minimum: 0, maximum: 180 },
        repointDeg: { type: "number", exclusiveMinimum: 0, maximum: 20 },
      },
    },
    rules: {
      type: "array",
      minItems: 1,
      maxItems: 200,
      items: {
        type: "object",
        additionalProperties: false,
        required: ["name", "about", "streams", "action", "rank", "validS", "observation"],
        properties: {
          name: { type: "string", pattern: "^[a-z][a-z0-9-]{0,39}$" },
          about: { type: "string", maxLength: 1_000 },
          streams: { type: "array", minItems: 1, uniqueItems: true, items: { type: "string" } },
          action: { enum: ["slew", "open", "hold", "record"] },
          rank: { type: "integer", minimum: 1, maximum: 10 },
          validS: { type: "number", exclusiveMinimum: 0, maximum: 2_592_000 },
          maxErrorDeg: { type: "number", exclusiveMinimum: 0, maximum: 180 },
          minSignificance: { type: "number", minimum: 0 },
          minClassProbability: { type: "number", minimum: 0, maximum: 1 },
          maxFarHz: { type: "number", exclusiveMinimum: 0 },
          needs: { type: "array", minItems: 1, uniqueItems: true, items: { type: "string" } },
          askHuman: { type: "boolean" },
          observation: {
            type: "object",
            additionalProperties: false,
            required: ["plan"],
            properties: {
              plan: PLAN_SCHEMA,
              tiling: {
                type: "object",
                additionalProperties: false,
                required: ["maxTiles", "overlap"],
                properties: {
                  maxTiles: { type: "integer", minimum: 1, maximum: 200 },
                  overlap: { type: "number", minimum: 0, maximum: 0.9 },
                },
              },
              followUps: {
                type: "array",
                maxItems: 20,
                items: {
                  type: "object",
                  additionalProperties: false,
                  required: ["afterS", "plan"],
                  properties: {
                    afterS: { type: "number", minimum: 0, maximum: 2_592_000 },
                    plan: PLAN_SCHEMA,
                  },
                },
              },
            },
          },
        },
      },
    },
  },
} as const;
