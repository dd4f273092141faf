import type { CommandOutcome, TemporalGateway } from "../../../adapters/temporal/gateway.ts";
import { NotAnsweringError } from "../../../adapters/temporal/not-answering.ts";
import type { ManualOrder, ObservatoryState, PersonalOrder } from "../../../workflows/messages.ts";
import { observatoryState } from "./states.ts";

/** A gateway without Temporal: what it answers is set, what it was asked is kept. */
export class FakeGateway implements TemporalGateway {
  state: ObservatoryState | null = observatoryState();
  outcome: CommandOutcome | null = null;
  readonly commands: string[] = [];
  queries = 0;

  async observatoryState(): Promise<ObservatoryState> {
    this.queries += 1;
    if (this.state === null)
      throw new NotAnsweringError("The control worker or Temporal did not answer within 2 s.");
    return this.state;
  }
  async ping(): Promise<void> {
    if (this.state === null) throw new NotAnsweringError("Temporal cannot be reached.");
  }
  async requestsChanged(reason: string): Promise<void> {
    this.commands.push(`requestsChanged ${reason}`);
  }
  pause = (by: string, when: "now" | "frameEnd") => this.command(`pause ${when} ${by}`);
  resume = (by: string) => this.command(`resume ${by}`);
  close = (by: string) => this.command(`close ${by}`);
  startNight = (by: string) => this.command(`startNight ${by}`);
  endNight = (by: string) => this.command(`endNight ${by}`);
  stop = ({ by }: PersonalOrder) => this.command(`stop ${by}`);
  takeMaintenance = ({ by, reason }: PersonalOrder & { reason: string }) =>
    this.command(`takeMaintenance ${by}: ${reason}`);
  leaveMaintenance = ({ by }: PersonalOrder) => this.command(`leaveMaintenance ${by}`);
  manual = ({ by, operation }: ManualOrder) => this.command(`manual ${by} ${JSON.stringify(operation)}`);
  startCalibration = (by: string) => this.command(`startCalibration ${by}`);
  lateCommands = () => [];

  private async command(text: string): Promise<CommandOutcome> {
    this.commands.push(text);
    return this.outcome ?? { kind: "applied", state: this.state ?? observatoryState() };
  }
}
