import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startSimulators } from "./support.ts";
import type { TestServer } from "./support.ts";

let sim: TestServer;

beforeAll(async () => {
  sim = await startSimulators({ rate: 100 });
});
afterAll(async () => {
  await sim.close();
});

const weather = async (kind: string, seconds?: number): Promise<void> => {
  await sim.act("observingconditions/0", "sim:weather", {
    kind,
    ...(seconds === undefined ? {} : { seconds }),
  });
};

describe("the weather", () => {
  test("is safe by itself for days on end", async () => {
    for (let sixHours = 0; sixHours < 24; sixHours++) {
      expect(await sim.act("safetymonitor/0", "safety:reasons")).toEqual([]);
      sim.skip(6 * 3_600);
    }
    expect(await sim.read("safetymonitor/0/issafe")).toBe(true);
  });

  test("moves smoothly: two readings a minute apart differ little, six hours apart they differ", async () => {
    const before = await sim.read("observingconditions/0/temperature");
    sim.skip(60);
    const after = await sim.read("observingconditions/0/temperature");
    expect(Math.abs(after - before)).toBeLessThan(0.2);
    sim.skip(6 * 3_600);
    expect(Math.abs((await sim.read("observingconditions/0/temperature")) - before)).toBeGreaterThan(0.2);
  });

  test.each([
    ["rain", "rain"],
    ["wind", "wind"],
    ["cloud", "cloud"],
    ["humid", "humidity"],
    ["stale", "stale"],
  ])("%s is unsafe at once, with its reason, and safe again when cleared", async (kind, word) => {
    await weather(kind);
    expect(await sim.read("safetymonitor/0/issafe")).toBe(false);
    expect((await sim.act("safetymonitor/0", "safety:reasons")).join()).toContain(word);
    await weather("clear");
    expect(await sim.read("safetymonitor/0/issafe")).toBe(true);
  });

  test("ends by itself after the observatory seconds given", async () => {
    await weather("rain", 300);
    expect(await sim.read("observingconditions/0/rainrate")).toBeGreaterThan(0);
    sim.skip(310);
    expect(await sim.read("observingconditions/0/rainrate")).toBe(0);
    expect(await sim.read("safetymonitor/0/issafe")).toBe(true);
  });

  test("outlives the process", async () => {
    await weather("rain");
    sim = await sim.again();
    expect(await sim.read("observingconditions/0/rainrate")).toBeGreaterThan(0);
    await weather("clear");
  });

  test("readings are young, and grow old when the station is stale", async () => {
    const age = async (): Promise<number> =>
      sim.read("observingconditions/0/timesincelastupdate", { SensorName: "" });
    sim.skip(300);
    expect(await age()).toBeLessThanOrEqual(10);
    await weather("stale");
    sim.skip(300);
    expect(await age()).toBeGreaterThan(299);
    await weather("clear");
    expect(await age()).toBeLessThan(15);
    const unknown = await sim.get("observingconditions/0/timesincelastupdate", { SensorName: "Bananas" });
    expect(unknown.ErrorNumber).toBe(0x401);
  });

  test("direction, dew point and humidity hang together", async () => {
    const [temperatureC, dewPointC, humidityPct] = await Promise.all(
      ["temperature", "dewpoint", "humidity"].map((member) => sim.read(`observingconditions/0/${member}`)),
    );
    // August, Roche and Magnus in the form of Alduchov and Eskridge (1996): another set of coefficients.
    const vapour = (celsius: number): number => 6.1094 * Math.exp((17.625 * celsius) / (celsius + 243.04));
    expect((100 * vapour(dewPointC)) / vapour(temperatureC)).toBeCloseTo(humidityPct, 0);
  });

  test("unknown weather is refused naming the choice", async () => {
    await expect(weather("frogs")).rejects.toThrow('kind is "frogs", must be one of clear, rain');
  });
});

describe("faults", () => {
  const fault = (device: string, kind: string, seconds?: number): Promise<unknown> =>
    sim.act(device, "sim:fault", { kind, ...(seconds === undefined ? {} : { seconds }) });

  test("dead drops the connection, for that device alone, until cleared", async () => {
    await fault("dome/0", "dead");
    await expect(sim.get("dome/0/shutterstatus")).rejects.toThrow();
    await expect(sim.put("dome/0/closeshutter")).rejects.toThrow();
    expect(await sim.read("telescope/0/slewing")).toBe(false);
    await sim.act("dome/0", "sim:clear");
    expect(await sim.read("dome/0/shutterstatus")).toBe(1);
  });

  test("garbage is no JSON, error is 0x500 on everything, both end after their seconds", async () => {
    await fault("camera/0", "garbage", 0.5);
    await expect(sim.get("camera/0/camerastate")).rejects.toThrow(/JSON/);
    await new Promise((resolve) => setTimeout(resolve, 550));
    expect(await sim.read("camera/0/camerastate")).toBe(0);
    await fault("camera/0", "error");
    for (const member of ["camerastate", "name", "devicestate"]) {
      expect((await sim.get(`camera/0/${member}`)).ErrorNumber).toBe(0x500);
    }
    expect((await sim.put("camera/0/startexposure", { Duration: 1, Light: true })).ErrorNumber).toBe(0x500);
    await sim.act("camera/0", "sim:clear");
  });

  test("slow answers after 10 s of wall time", async () => {
    await fault("safetymonitor/0", "slow");
    const sentAt = Date.now();
    expect(await sim.read("safetymonitor/0/issafe")).toBe(true);
    expect(Date.now() - sentAt).toBeGreaterThanOrEqual(9_900);
    await sim.act("safetymonitor/0", "sim:clear");
  }, 20_000);

  test("stuck motions do not end: slew, shutter, exposure", async () => {
    await sim.command("telescope/0/unpark");
    await sim.command("telescope/0/tracking", { Tracking: true });
    await fault("telescope/0", "stuck");
    await fault("dome/0", "stuck");
    await fault("camera/0", "stuck");
    await sim.command("telescope/0/slewtocoordinatesasync", { RightAscension: 1, Declination: 10 });
    await sim.command("dome/0/openshutter");
    await sim.command("camera/0/startexposure", { Duration: 1, Light: true });
    sim.skip(3_600);
    expect(await sim.read("telescope/0/slewing")).toBe(true);
    expect(await sim.read("dome/0/shutterstatus")).toBe(2);
    expect(await sim.read("camera/0/camerastate")).toBe(2);
    for (const device of ["telescope/0", "dome/0", "camera/0"]) await sim.act(device, "sim:clear");
    await sim.until("telescope/0/slewing", false);
    await sim.until("dome/0/shutterstatus", 0);
    await sim.until("camera/0/imageready", true);
    await sim.command("dome/0/closeshutter");
  });

  test("wrong positions are reported as they are", async () => {
    await fault("telescope/0", "wrong-position");
    await sim.command("telescope/0/slewtocoordinatesasync", { RightAscension: 1, Declination: 10 });
    await sim.until("telescope/0/slewing", false);
    expect(Math.abs((await sim.read("telescope/0/declination")) - 10)).toBeCloseTo(0.5, 3);
    await sim.act("telescope/0", "sim:clear");
    await sim.until("dome/0/shutterstatus", 1);
    await fault("dome/0", "wrong-position");
    await sim.command("dome/0/openshutter");
    await sim.until("dome/0/shutterstatus", 4);
    await sim.act("dome/0", "sim:clear");
    await sim.command("dome/0/closeshutter");
    await sim.until("dome/0/shutterstatus", 1);
  });

  test("a camera whose clock is off says a wrong start time, by 3 s", async () => {
    await sim.command("camera/0/startexposure", { Duration: 0.1, Light: false });
    const right = Date.parse(`${await sim.read("camera/0/lastexposurestarttime")}Z`);
    await fault("camera/0", "clock-off");
    const wrong = Date.parse(`${await sim.read("camera/0/lastexposurestarttime")}Z`);
    expect(wrong - right).toBe(3_000);
    await sim.act("camera/0", "sim:clear");
  });

  test("unknown faults are refused naming the choice", async () => {
    await expect(fault("dome/0", "gremlins")).rejects.toThrow('kind is "gremlins", must be one of dead');
  });
});
