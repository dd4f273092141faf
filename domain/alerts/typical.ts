import { SIMULATED_PARAM } from "./notice-of-voevent.ts";
import { voEventTime } from "./utc.ts";

export type TypicalStream = "swift-bat" | "fermi-gbm" | "svom-eclairs";

export interface TypicalAlert {
  /** e.g. `9000001`; the alert is named after it. */
  readonly triggerId: string;
  /** Trigger time, Unix ms. */
  readonly t0Ms: number;
  /** When the notice is written, Unix ms. */
  readonly noticeMs: number;
  readonly raDeg: number;
  readonly decDeg: number;
}

/**
 * A VOEvent as one of the missions sends it for a plain burst, marked as simulated by a Param and its Description
 * (role stays `observation`, so that it takes the whole path).
 */
export function typicalPacket(stream: TypicalStream, alert: TypicalAlert): string {
  const { triggerId } = alert;
  if (!/^[A-Za-z0-9]{1,20}$/.test(triggerId))
    throw new RangeError(`triggerId is "${triggerId}": must be 1 to 20 letters and digits`);
  if (!(alert.raDeg >= 0 && alert.raDeg < 360))
    throw new RangeError(`raDeg is ${alert.raDeg}: must be 0 to below 360`);
  if (!(Math.abs(alert.decDeg) <= 90)) throw new RangeError(`decDeg is ${alert.decDeg}: must be -90 to 90`);
  const t0 = voEventTime(alert.t0Ms);
  if (stream === "fermi-gbm") {
    return packet(alert, {
      ivorn: `ivo://nasa.gsfc.gcn/Fermi#GBM_Flt_Pos_${t0}_${triggerId}_47-1`,
      author: "ivo://nasa.gsfc.tan/gcn",
      system: "UTC-FK5-GEO",
      errorDeg: 3.5,
      what: [
        param("Packet_Type", 111),
        param("TrigID", triggerId),
        param("Sequence_Num", 47),
        param("Trig_Timescale", 1.024),
        param("Data_Signif", 24.1),
        param("Most_Likely_Index", 4),
        param("Most_Likely_Prob", 94),
        param("Sec_Most_Likely_Index", 5),
        param("Sec_Most_Likely_Prob", 3),
        group("Trigger_ID", { Def_NOT_a_GRB: false, Test_Submission: false }),
        param("Coords_Type", 1),
      ],
    });
  }
  if (stream === "svom-eclairs") {
    return packet(alert, {
      ivorn: `ivo://org.svom/fsc#${triggerId}_eclairs-wakeup`,
      author: "ivo://org.svom/FSC",
      system: "UTC-ICRS-GEO",
      errorDeg: 0.15,
      what: [
        param("Packet_Type", 202),
        param("Pkt_Ser_Num", 1),
        param("Instrument", "ECLAIRs"),
        `<Group name="Svom_Identifiers">${param("Notice_Level", "N1e")}${param("Burst_Id", triggerId)}</Group>`,
        `<Group name="Detection_Info">${param("SNR", "12.50")}${param("Timescale", 10.24)}${param("Trigger_Type", "count_rate")}</Group>`,
        `<Group name="Satellite_Info">${param("Slew_Status", "not_requested")}</Group>`,
      ],
    });
  }
  return packet(alert, {
    ivorn: `ivo://nasa.gsfc.gcn/SWIFT#BAT_GRB_Pos_${triggerId}-1`,
    author: "ivo://nasa.gsfc.tan/gcn",
    system: "UTC-FK5-GEO",
    errorDeg: 0.05,
    what: [
      param("Packet_Type", 61),
      param("Pkt_Ser_Num", 1),
      param("TrigID", triggerId),
      param("Segment_Num", 0),
      param("Integ_Time", 1.024),
      param("Soln_Status", "0x3"),
      param("Misc_flags", "0x0"),
      param("Rate_Signif", 22.8),
      param("Image_Signif", 10.89),
      group("Solution_Status", {
        Point_Source: true,
        GRB_Identified: true,
        Target_in_Flt_Catalog: false,
        Target_in_Gnd_Catalog: false,
        StarTrack_Lost_Lock: false,
        Def_NOT_a_GRB: false,
        Test_Submission: false,
      }),
      group("Misc_Flags", { ImTrig_during_ST_LoL: false, Delayed_Transmission: false }),
      param("Coords_Type", 1),
    ],
  });
}

interface Parts {
  readonly ivorn: string;
  readonly author: string;
  readonly system: string;
  readonly errorDeg: number;
  readonly what: readonly string[];
}

function packet(alert: TypicalAlert, parts: Parts): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<voe:VOEvent xmlns:voe="http://www.ivoa.net/xml/VOEvent/v2.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.ivoa.net/xml/VOEvent/v2.0 http://www.ivoa.net/xml/VOEvent/VOEvent-v2.0.xsd" version="2.0" role="observation" ivorn="${parts.ivorn}">
  <Who><AuthorIVORN>${parts.author}</AuthorIVORN><Date>${voEventTime(alert.noticeMs)}</Date><Description>Simulated alert</Description></Who>
  <What>${parts.what.join("")}${simulatedParam()}</What>
  <WhereWhen><ObsDataLocation><ObservatoryLocation id="GEOLUN"/><ObservationLocation><AstroCoordSystem id="${parts.system}"/><AstroCoords coord_system_id="${parts.system}"><Time unit="s"><TimeInstant><ISOTime>${voEventTime(alert.t0Ms)}</ISOTime></TimeInstant></Time><Position2D unit="deg"><Name1>RA</Name1><Name2>Dec</Name2><Value2><C1>${alert.raDeg.toFixed(4)}</C1><C2>${alert.decDeg.toFixed(4)}</C2></Value2><Error2Radius>${parts.errorDeg.toFixed(4)}</Error2Radius></Position2D></AstroCoords></ObservationLocation></ObsDataLocation></WhereWhen>
  <Why importance="0.90"><Inference probability="0.90"><Concept>process.variation.burst;em.gamma</Concept></Inference></Why>
</voe:VOEvent>
`;
}

function param(name: string, value: string | number): string {
  return `<Param name="${name}" value="${value}"/>`;
}

function group(name: string, flags: Readonly<Record<string, boolean>>): string {
  return `<Group name="${name}">${Object.entries(flags)
    .map(([flag, on]) => param(flag, String(on)))
    .join("")}</Group>`;
}

function simulatedParam(): string {
  return `<Param name="${SIMULATED_PARAM}" value="true"><Description>This alert is simulated: no source was seen.</Description></Param>`;
}

/**
 * A real packet moved to another time and place, with an ivorn of its own, marked as simulated.
 * @param xmlText VOEvent XML
 * @param t0Ms new trigger time; @param noticeMs new Who/Date, both Unix ms
 * @param raDeg,decDeg new position; the packet's own when left out
 * @param triggerId new trigger id, so that it is an event of its own (citations are dropped); the packet's own when left out
 * @throws RangeError when the text has no ivorn, ISOTime or Date to replace
 */
export function retime(
  xmlText: string,
  t0Ms: number,
  noticeMs: number,
  raDeg?: number,
  decDeg?: number,
  triggerId?: string,
): string {
  const suffix = `-${noticeMs.toString(36)}`;
  let text = replaceOnce(
    xmlText,
    /(\bivorn=)(["'])([^"']*)\2/,
    (_, attribute, quote, ivorn) => `${attribute}${quote}${ivorn}${suffix}${quote}`,
    "ivorn",
  );
  text = replaceOnce(
    text,
    /(<ISOTime>)[^<]*(<\/ISOTime>)/,
    (_, open, close) => open + voEventTime(t0Ms) + close,
    "ISOTime",
  );
  text = replaceOnce(
    text,
    /(<Date>)[^<]*(<\/Date>)/,
    (_, open, close) => open + voEventTime(noticeMs) + close,
    "Date",
  );
  if (raDeg !== undefined && decDeg !== undefined) {
    text = replaceOnce(
      text,
      /(<C1>)[^<]*(<\/C1>)/,
      (_, open, close) => open + raDeg.toFixed(4) + close,
      "C1",
    );
    text = replaceOnce(
      text,
      /(<C2>)[^<]*(<\/C2>)/,
      (_, open, close) => open + decDeg.toFixed(4) + close,
      "C2",
    );
  }
  if (triggerId !== undefined) {
    // What it cites belongs to the original event and would make all copies one event with it.
    text = text.replace(/<Citations>[\s\S]*?<\/Citations>/, "");
    const pattern =
      /(<Param\b[^>]*\bname=["'](?:TrigID|Burst_Id|GraceID|Trigger_Number|AMON_ID)["'][^>]*\bvalue=["'])[^"']*/;
    text = replaceOnce(text, pattern, (_, open) => open + triggerId, "trigger id");
  }
  return replaceOnce(text, /<\/What>/, () => `${simulatedParam()}</What>`, "What");
}

function replaceOnce(
  text: string,
  pattern: RegExp,
  by: (match: string, ...groups: string[]) => string,
  what: string,
): string {
  if (!pattern.test(text)) throw new RangeError(`the packet has no ${what} to replace`);
  return text.replace(pattern, by);
}
