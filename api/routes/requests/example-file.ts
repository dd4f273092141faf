import { REQUEST_FORMAT } from "../../../domain/requests/request-file.ts";

/** A request file as the description of the API shows it. */
export const EXAMPLE_FILE = {
  format: REQUEST_FORMAT,
  name: "Whirlpool",
  programmeId: "GALAXIES",
  sequences: [
    {
      targetName: "M 51",
      ra: "13:29:52.7",
      dec: "+47:11:43",
      windowStart: "2027-02-01T00:00:00Z",
      windowEnd: "2027-03-01T00:00:00Z",
      albums: [{ instrumentId: "vis", plans: [{ filter: "r", exposureS: 60, count: 5 }] }],
    },
  ],
};
