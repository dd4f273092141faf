import { cancellationSignal, sleep } from "@temporalio/activity";
import { DeviceProblem } from "../adapters/alpaca/errors.ts";
import { checkIdentity } from "../adapters/alpaca/management.ts";
import { createAlpacaDevice } from "../adapters/alpaca/device.ts";
import type { AlpacaTransport } from "../adapters/alpaca/transport.ts";
import {
  deviceOf,
  type DeviceDescription,
  type Observatory,
  type RecoveryStep,
} from "../domain/observatory.ts";
import type { Clocks } from "./clocks.ts";
import type { JournalLine } from "./exposure.ts";
import { failure, FAILURE, isFailure } from "./failures.ts";
import type { ReadLease } from "./lease-check.ts";
import { runActivity } from "./run-activity.ts";
import { createDeviceSetup } from "./set-up-device.ts";

export interface RecoveryDeps {
  readonly transport: AlpacaTransport;
  readonly readLease: ReadLease;
  /** Whether people work on the telescope: nothing is switched or moved then. */
  readonly underMaintenance: (siteId: string) => Promise<boolean>;
  readonly journal: (line: JournalLine) => Promise<void>;
  readonly clocks: Clocks;
}

export interface Answer {
  readonly answers: boolean;
  /** What it said, or why it did not, when it does not answer. */
  readonly why: string;
}

/** A device with the step of its ladder that names its outlet. */
export interface OutletInput {
  readonly observatory: Observatory;
  readonly deviceId: string;
  readonly step: RecoveryStep;
}

/** A device that has failed is looked at this often, wall ms. */
const LOOK_EVERY_WALL_MS = 1_000;
const LOOK_LIMIT_MS = 2_000;
/** How long an outlet stays off when the step does not say, wall seconds. */
const OFF_S = 5;
/** An outlet that was switched off is tried to be switched on again for this long, wall ms. */
const ON_AGAIN_LIMIT_WALL_MS = 10_000;
const ON_AGAIN_EVERY_WALL_MS = 1_000;

export type RecoveryActivities = ReturnType<typeof createRecoveryActivities>;

/** What brings a failed device back. Wall time throughout but for the motions of setting up. */
export function createRecoveryActivities(deps: RecoveryDeps) {
  const { transport } = deps;
  const setUp = createDeviceSetup(deps);

  /**
   * Looks once a second until the device answers as itself.
   * @param limitMs wall ms; then `answers` is false
   */
  async function awaitAnswer({
    device,
    limitMs,
  }: {
    readonly device: DeviceDescription;
    readonly limitMs: number;
  }): Promise<Answer> {
    const begunMs = performance.now();
    for (;;) {
      const why = await whyNoAnswer(device);
      if (why === null) return { answers: true, why: "" };
      if (performance.now() - begunMs >= limitMs) return { answers: false, why };
      await sleep(LOOK_EVERY_WALL_MS);
    }
  }

  async function whyNoAnswer(device: DeviceDescription): Promise<string | null> {
    const options = { signal: cancellationSignal(), limitMs: LOOK_LIMIT_MS };
    try {
      const identity = await checkIdentity(transport, device, options);
      // One that does not know the management API is asked itself.
      if (identity.kind === "other") return identity.why;
      await createAlpacaDevice(transport, device.type, device).state(options);
      return null;
    } catch (error) {
      if (error instanceof DeviceProblem) return error.message;
      throw error;
    }
  }

  /** Disconnects and connects. Throws DeviceUnreachable, DeviceFault. */
  async function reconnect({ device }: { readonly device: DeviceDescription }): Promise<void> {
    const options = { signal: cancellationSignal(), limitMs: LOOK_LIMIT_MS };
    const client = createAlpacaDevice(transport, device.type, device);
    await client.disconnect(options);
    await client.connect(options);
  }

  /**
   * Switches the outlet of a device off and on again. Run twice it does it twice.
   * Throws NotReady under maintenance, DeviceUnreachable and DeviceFault when the switch does not do it, OutletOff when the
   * outlet may have stayed off.
   */
  async function powerCycle(outlet: OutletInput): Promise<void> {
    await refuseUnderMaintenance(outlet);
    const turn = turnOf(outlet);
    try {
      await turn(false);
      await sleep((outlet.step.offS ?? OFF_S) * 1_000);
    } finally {
      await onAgain(outlet, turn);
    }
  }

  /** Switches an outlet on that stayed off. Throws NotReady under maintenance, OutletOff. */
  async function powerOn(outlet: OutletInput): Promise<void> {
    await refuseUnderMaintenance(outlet);
    await onAgain(outlet, turnOf(outlet));
  }

  async function refuseUnderMaintenance({ observatory, deviceId }: OutletInput): Promise<void> {
    if (!(await deps.underMaintenance(observatory.site.id))) return;
    const { name } = deviceOf(observatory, deviceId);
    throw failure(FAILURE.NotReady, `${name} is not switched off and on: people work on it (maintenance).`);
  }

  /** Turns an outlet and looks whether it did. Not cut short: it must not stay off because somebody lost patience. */
  function turnOf({ observatory, deviceId, step }: OutletInput): (on: boolean) => Promise<void> {
    const outlets = createAlpacaDevice(transport, "switch", deviceOf(observatory, step.switchId ?? ""));
    const Id = step.switchNumber ?? 0;
    return async (on) => {
      await outlets.put("setswitch", { Id, State: on });
      if ((await outlets.get("getswitch", { Id })) === on) return;
      const { name } = deviceOf(observatory, deviceId);
      throw failure(FAILURE.DeviceFault, `Outlet ${Id} of ${name} did not go ${on ? "on" : "off"}.`);
    };
  }

  /** Without its power a device stays lost for ever: a switch that hiccups is asked again. */
  async function onAgain(
    { observatory, deviceId, step }: OutletInput,
    turn: (on: boolean) => Promise<void>,
  ): Promise<void> {
    const begunMs = performance.now();
    for (;;) {
      try {
        await turn(true);
        return;
      } catch (error) {
        if (!(error instanceof DeviceProblem) && !isFailure(error, FAILURE.DeviceFault)) throw error;
        if (performance.now() - begunMs >= ON_AGAIN_LIMIT_WALL_MS) {
          const { name } = deviceOf(observatory, deviceId);
          const outlet = `Outlet ${step.switchNumber ?? 0} of ${name}`;
          throw failure(
            FAILURE.OutletOff,
            `${outlet} may have stayed off: ${(error as Error).message}`,
            error,
          );
        }
      }
      // Not the activity's own sleep: a cancellation must not leave it off.
      await new Promise((resolve) => setTimeout(resolve, ON_AGAIN_EVERY_WALL_MS));
    }
  }

  return {
    awaitAnswer: (input: { readonly device: DeviceDescription; readonly limitMs: number }) =>
      runActivity(() => awaitAnswer(input)),
    reconnect: (input: { readonly device: DeviceDescription }) => runActivity(() => reconnect(input)),
    powerCycle: (input: OutletInput) => runActivity(() => powerCycle(input)),
    powerOn: (input: OutletInput) => runActivity(() => powerOn(input)),
    setUpDevice: (input: { readonly observatory: Observatory; readonly deviceId: string }) =>
      runActivity(() => setUp(input)),
  };
}
