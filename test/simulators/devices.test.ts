/** Filter wheels, focuser, cover and lamp, PLC, near-infrared camera. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { background, findSpots, median } from "./stars.ts";
import { EVERYTHING, startSimulators } from "./support.ts";
import type { TestServer } from "./support.ts";

let sim: TestServer;

beforeAll(async () => {
  sim = await startSimulators({ ...EVERYTHING, rate: 200 });
});
afterAll(async () => {
  await sim.close();
});

describe("filter wheel", () => {
  test("turns 2 s a filter, reads -1 on the way, keeps its place over a restart", async () => {
    expect(await sim.read("filterwheel/0/names")).toEqual(["g", "r", "i", "z"]);
    expect(await sim.read("filterwheel/0/focusoffsets")).toHaveLength(4);
    sim.atRate(1);
    await sim.command("filterwheel/0/position", { Position: 3 });
    expect(await sim.read("filterwheel/0/position")).toBe(-1);
    sim.atRate(200);
    await sim.until("filterwheel/0/position", 3);
    expect((await sim.put("filterwheel/0/position", { Position: 4 })).ErrorNumber).toBe(0x401);
    expect((await sim.put("filterwheel/0/position", { Position: -1 })).ErrorNumber).toBe(0x401);
    sim = await sim.again();
    expect(await sim.read("filterwheel/0/position")).toBe(3);
  });

  test("changes what its own camera sees, and not the other's", async () => {
    await sim.command("covercalibrator/0/calibratoron", { Brightness: 20 });
    await sim.until("covercalibrator/0/calibratorstate", 3);
    const level = async (camera: string): Promise<number> =>
      background(await sim.expose(4, true, camera)).level - 1_002;
    const z = await level("camera/0");
    const infrared = await level("camera/1");
    await sim.command("filterwheel/0/position", { Position: 1 });
    await sim.until("filterwheel/0/position", 1);
    expect((await level("camera/0")) / z).toBeCloseTo(1 / 0.9, 1);
    expect((await level("camera/1")) / infrared).toBeCloseTo(1, 1);
    await sim.command("covercalibrator/0/calibratoroff");
  });

  test("a wheel with the fault wrong-position stops one filter further", async () => {
    await sim.act("filterwheel/1", "sim:fault", { kind: "wrong-position" });
    await sim.command("filterwheel/1/position", { Position: 0 });
    await sim.until("filterwheel/1/position", 1);
    await sim.act("filterwheel/1", "sim:clear");
  });
});

describe("focuser", () => {
  test("moves 500 steps a second, halts, clamps", async () => {
    const start = await sim.read("focuser/0/position");
    sim.atRate(1);
    await sim.command("focuser/0/move", { Position: start + 3_000 });
    expect(await sim.read("focuser/0/ismoving")).toBe(true);
    sim.atRate(200);
    await sim.until("focuser/0/ismoving", false);
    expect(await sim.read("focuser/0/position")).toBe(start + 3_000);
    sim.atRate(1);
    await sim.command("focuser/0/move", { Position: 999_999 });
    sim.skip(2);
    await sim.command("focuser/0/halt");
    expect(await sim.read("focuser/0/ismoving")).toBe(false);
    sim.atRate(200);
    expect(await sim.read("focuser/0/position")).toBeGreaterThan(start + 3_900);
    await sim.command("focuser/0/move", { Position: 999_999 });
    sim.skip(200);
    expect(await sim.read("focuser/0/position")).toBe(await sim.read("focuser/0/maxstep"));
    await sim.command("focuser/0/move", { Position: start });
    sim.skip(200);
  });

  test("out of focus the stars are wide and few stand out", async () => {
    await sim.lookUp();
    const sharp = findSpots(await sim.expose(30)).length;
    await sim.command("focuser/0/move", { Position: 25_000 + 4_000 });
    sim.skip(20);
    const blurred = findSpots(await sim.expose(30)).length;
    await sim.command("focuser/0/move", { Position: 25_000 });
    sim.skip(20);
    expect(blurred).toBeLessThan(sharp * 0.6);
  });
});

describe("cover and lamp", () => {
  test("the cover takes 10 s, can be halted, keeps its place over a restart, and keeps the stars out", async () => {
    expect(await sim.read("covercalibrator/0/coverstate")).toBe(3);
    sim.atRate(1);
    await sim.command("covercalibrator/0/closecover");
    expect(await sim.read("covercalibrator/0/covermoving")).toBe(true);
    expect(await sim.read("covercalibrator/0/coverstate")).toBe(2);
    sim.atRate(200);
    await sim.until("covercalibrator/0/coverstate", 1);
    expect(findSpots(await sim.expose(30), 20)).toEqual([]);
    sim = await sim.again();
    expect(await sim.read("covercalibrator/0/coverstate")).toBe(1);
    sim.atRate(1);
    await sim.command("covercalibrator/0/opencover");
    sim.skip(4);
    await sim.command("covercalibrator/0/haltcover");
    sim.atRate(200);
    expect(await sim.read("covercalibrator/0/coverstate")).toBe(4);
    await sim.command("covercalibrator/0/opencover");
    await sim.until("covercalibrator/0/coverstate", 3);
  });

  test("the lamp needs its time, and gives a flat with vignetting and dust", async () => {
    await sim.command("dome/0/closeshutter");
    await sim.until("dome/0/shutterstatus", 1);
    expect((await sim.put("covercalibrator/0/calibratoron", { Brightness: 101 })).ErrorNumber).toBe(0x401);
    sim.atRate(1);
    await sim.command("covercalibrator/0/calibratoron", { Brightness: 100 });
    expect(await sim.read("covercalibrator/0/calibratorchanging")).toBe(true);
    expect(await sim.read("covercalibrator/0/calibratorstate")).toBe(2);
    sim.atRate(200);
    await sim.until("covercalibrator/0/calibratorstate", 3);
    expect(await sim.read("covercalibrator/0/brightness")).toBe(100);
    const flat = await sim.expose(10);
    await sim.command("covercalibrator/0/calibratoroff");
    expect(await sim.read("covercalibrator/0/calibratorstate")).toBe(1);
    const box = (x0: number, y0: number): number =>
      median(
        Array.from(
          { length: 2_500 },
          (_, i) => Number(flat.pixels[(y0 + Math.floor(i / 50)) * 1_024 + x0 + (i % 50)]) - 1_000,
        ),
      );
    const middle = box(487, 487);
    // 10 s at 3000 e/s and 1.5 e/ADU.
    expect(middle).toBeGreaterThan(15_000);
    expect(middle).toBeLessThan(25_000);
    expect(box(5, 5) / middle).toBeLessThan(0.9);
    expect(box(5, 5) / middle).toBeGreaterThan(0.7);
  });
});

describe("near-infrared camera", () => {
  const camera = "camera/1";

  test("has ramps as readout modes, whose noise falls with the reads", async () => {
    expect(await sim.read(`${camera}/readoutmodes`)).toEqual(["CDS", "Fowler-8", "UTR"]);
    await sim.command(`${camera}/setccdtemperature`, { SetCCDTemperature: -150 });
    await sim.command(`${camera}/cooleron`, { CoolerOn: true });
    sim.skip(700);
    const noise: number[] = [];
    for (const mode of [0, 1]) {
      await sim.command(`${camera}/readoutmode`, { ReadoutMode: mode });
      const frames = [await sim.expose(1, false, camera), await sim.expose(1, false, camera)];
      const difference = Float64Array.from({ length: 20_000 }, (_, index) => {
        const pixel = index * 51;
        return (frames[0]?.pixels[pixel] ?? 0) - (frames[1]?.pixels[pixel] ?? 0);
      });
      const middle = median(difference);
      noise.push((1.4826 * median(difference.map((value) => Math.abs(value - middle)))) / Math.SQRT2);
    }
    // 8 e at 1.5 e/ADU: CDS 7.5 ADU, Fowler-8 2.7 ADU, with the steps of whole ADU.
    expect(noise[0]).toBeGreaterThan(6);
    expect(noise[0]).toBeLessThan(9);
    expect(noise[1]).toBeLessThan(4);
  });

  test("tells which read of the ramp it is at, and hands out single reads, which grow", async () => {
    await sim.command(`${camera}/readoutmode`, { ReadoutMode: 2 });
    expect(await sim.act(camera, "ramp:configure", { nreads: 11 })).toMatchObject({ nreads: 11 });
    await sim.command("covercalibrator/0/calibratoron", { Brightness: 100 });
    sim.atRate(1);
    await sim.command(`${camera}/startexposure`, { Duration: 100, Light: true });
    sim.skip(50);
    const status = await sim.act(camera, "ramp:status");
    sim.atRate(200);
    expect(status).toMatchObject({ mode: "UTR", of: 11 });
    expect(status.read).toBeGreaterThanOrEqual(6);
    await expect(sim.act(camera, "ramp:read", { k: 12 })).rejects.toThrow("k is 12");
    const levelOfRead = async (k: number): Promise<number> => {
      const read = await sim.act(camera, "ramp:read", { k });
      expect([read.width, read.height, read.of]).toEqual([1_024, 1_024, 11]);
      const bytes = Buffer.from(read.uint16, "base64");
      return median(Array.from({ length: 2_000 }, (_, i) => bytes.readUInt16LE(2 * (i * 499)))) - 1_000;
    };
    const [first, second, fourth] = [await levelOfRead(1), await levelOfRead(2), await levelOfRead(4)];
    expect(first).toBeLessThan(10);
    expect(fourth / second).toBeCloseTo(3, 0);
    await sim.command(`${camera}/stopexposure`);
    await sim.until(`${camera}/imageready`, true);
    await sim.command("covercalibrator/0/calibratoroff");
  });

  test("both cameras expose at once, on their own chips", async () => {
    sim.atRate(1);
    await sim.command("camera/0/startexposure", { Duration: 40, Light: false });
    await sim.command("camera/1/startexposure", { Duration: 40, Light: false });
    expect(await sim.read("camera/0/camerastate")).toBe(2);
    expect(await sim.read("camera/1/camerastate")).toBe(2);
    sim.atRate(200);
    await sim.until("camera/0/imageready", true);
    await sim.until("camera/1/imageready", true);
    const [visible, infrared] = [await sim.image("camera/0"), await sim.image("camera/1")];
    let same = 0;
    for (const [index, value] of visible.pixels.entries()) same += value === infrared.pixels[index] ? 1 : 0;
    expect(same).toBeLessThan(visible.pixels.length * 0.2);
  });
});

describe("PLC", () => {
  const channel = async (name: string): Promise<number> => {
    const count = await sim.read("switch/0/maxswitch");
    for (let id = 0; id < count; id++) {
      if ((await sim.read("switch/0/getswitchname", { Id: String(id) })) === name) return id;
    }
    throw new Error(`no channel ${name}`);
  };
  const state = async (name: string): Promise<boolean> =>
    sim.read("switch/0/getswitch", { Id: String(await channel(name)) });

  test("a critical alarm opens the interlock; a latched one stays until reset", async () => {
    expect(await sim.read("safetymonitor/0/issafe")).toBe(true);
    await sim.act("switch/0", "sim:alarm", { name: "emergency-stop", on: true });
    expect(await state("alarm:emergency-stop")).toBe(true);
    expect(await sim.read("safetymonitor/0/issafe")).toBe(false);
    sim = await sim.again();
    expect(await sim.read("safetymonitor/0/issafe")).toBe(false);
    const reset = { Id: await channel("reset:alarms"), State: true };
    await sim.command("switch/0/setswitch", reset);
    expect(await state("alarm:emergency-stop")).toBe(true);
    await sim.act("switch/0", "sim:alarm", { name: "emergency-stop", on: false });
    expect(await state("alarm:emergency-stop")).toBe(true);
    await sim.command("switch/0/setswitch", reset);
    expect(await state("alarm:emergency-stop")).toBe(false);
    expect(await sim.read("safetymonitor/0/issafe")).toBe(true);
  });

  test("a warning warns and no more; one that does not latch goes with its cause", async () => {
    await sim.act("switch/0", "sim:alarm", { name: "mains-lost", on: true });
    expect(await sim.read("safetymonitor/0/issafe")).toBe(true);
    const listed: { name: string; active: boolean; severity: string }[] = await sim.act(
      "switch/0",
      "alarms:list",
    );
    expect(listed.filter(({ active }) => active)).toMatchObject([
      { name: "mains-lost", severity: "warning" },
    ]);
    await sim.act("switch/0", "sim:alarm", { name: "mains-lost", on: false });
    expect(await state("alarm:mains-lost")).toBe(false);
  });

  test("alarms cannot be written, lights can, within their range", async () => {
    const alarm = await channel("alarm:fire");
    expect(await sim.read("switch/0/canwrite", { Id: String(alarm) })).toBe(false);
    expect((await sim.put("switch/0/setswitch", { Id: alarm, State: true })).ErrorNumber).toBe(0x400);
    const lights = await channel("lights");
    await sim.command("switch/0/setswitchvalue", { Id: lights, Value: 40 });
    expect(await sim.read("switch/0/getswitchvalue", { Id: String(lights) })).toBe(40);
    expect((await sim.put("switch/0/setswitchvalue", { Id: lights, Value: 101 })).ErrorNumber).toBe(0x401);
    expect((await sim.get("switch/0/getswitch", { Id: "99" })).ErrorNumber).toBe(0x401);
    sim.atRate(1);
    await sim.command("switch/0/setasyncvalue", { Id: lights, Value: 10 });
    expect(await sim.read("switch/0/statechangecomplete", { Id: String(lights) })).toBe(false);
    sim.atRate(200);
    sim.skip(3);
    expect(await sim.read("switch/0/statechangecomplete", { Id: String(lights) })).toBe(true);
    expect(await sim.read("switch/0/getswitchvalue", { Id: String(lights) })).toBe(10);
  });

  test("a change that was called off says so once, and is complete only after the next one", async () => {
    const lights = await channel("lights");
    const complete = { Id: String(lights) };
    sim.atRate(1);
    await sim.command("switch/0/setasyncvalue", { Id: lights, Value: 77.4 });
    await sim.command("switch/0/cancelasync", { Id: lights });
    sim.atRate(200);
    sim.skip(3);
    expect((await sim.get("switch/0/statechangecomplete", complete)).ErrorNumber).toBe(0x40e);
    expect(await sim.read("switch/0/statechangecomplete", complete)).toBe(false);
    expect(await sim.read("switch/0/getswitchvalue", complete)).toBe(10);
    await sim.command("switch/0/setasyncvalue", { Id: lights, Value: 77.4 });
    sim.skip(3);
    expect(await sim.read("switch/0/statechangecomplete", complete)).toBe(true);
    expect(await sim.read("switch/0/getswitchvalue", complete)).toBe(77);
    const fire = { Id: String(await channel("alarm:fire")) };
    expect((await sim.get("switch/0/statechangecomplete", fire)).ErrorNumber).toBe(0x400);
  });

  test("an outlet switched off silences its device, and on again cures its fault, disconnected", async () => {
    const outlet = await channel("power:camera-nir");
    await sim.command("camera/1/cooleron", { CoolerOn: true });
    await sim.act("camera/1", "sim:fault", { kind: "error" });
    await sim.command("switch/0/setswitch", { Id: outlet, State: false });
    await expect(sim.get("camera/1/name")).rejects.toThrow();
    await sim.command("switch/0/setswitch", { Id: outlet, State: true });
    // It boots first.
    await expect(sim.get("camera/1/name")).rejects.toThrow();
    await new Promise((resolve) => setTimeout(resolve, 1_700));
    expect(await sim.read("camera/1/connected")).toBe(false);
    await sim.command("camera/1/connected", { Connected: true });
    expect(await sim.read("camera/1/cooleron")).toBe(false);
    await expect(channel("power:dome")).rejects.toThrow("no channel");
  });
});

describe("discovery", () => {
  /** Answers to the question sent to an address, from a server that listens on `host`. */
  async function answers(host: string, to: string, network?: string): Promise<unknown[]> {
    const { createSimulatorServer } = await import("../../simulators/server.ts");
    const server = await createSimulatorServer({
      port: 0,
      host,
      clock: () => ({ startMs: 0, anchorMs: 0, rate: 1, epoch: 0 }),
      home: sim.home,
      site: { name: "x", latDeg: 0, lonDeg: 0, heightM: 0 },
      telescope: { apertureM: 1, focalLengthMm: 1_000 },
      devices: [],
      cameras: {},
      discovery: true,
    });
    const socket = createSocket(to.includes(":") ? "udp6" : "udp4");
    const heard: unknown[] = [];
    socket.on("message", (message) => heard.push(JSON.parse(message.toString())));
    try {
      await once(socket.bind(0), "listening");
      if (!to.includes(":")) socket.setBroadcast(true);
      if (network !== undefined) socket.setMulticastInterface(`::%${network}`);
      socket.send("alpacadiscovery1", 32_227, to);
      socket.send("something else", 32_227, to);
      for (let tries = 0; tries < 100 && heard.length === 0; tries++) await sleep(20);
    } finally {
      socket.close();
      await server.close();
    }
    // Another server on this machine may answer too.
    return heard.filter((answer) => (answer as { AlpacaPort: number }).AlpacaPort === server.port);
  }

  test("answers with the port when it is asked for, on loopback alone, directly and by broadcast", async () => {
    expect(await answers("127.0.0.1", "127.0.0.1")).toHaveLength(1);
    if (process.platform === "linux") expect(await answers("127.0.0.1", "127.255.255.255")).toHaveLength(1);
  });

  test("answers the multicast of IPv6 where the server listens on it", async () => {
    const network = Object.entries(networkInterfaces()).find(([, addresses]) =>
      addresses?.some(({ address }) => address.startsWith("fe80:")),
    )?.[0];
    if (network === undefined) return;
    expect(await answers("::", "ff12::a1:9aca", network)).toHaveLength(1);
  });
});
