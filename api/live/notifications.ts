/** What the database announces to every process that listens. */
export interface Notifications {
  /** Calls back with the payload of each NOTIFY on the channel; returns how to stop. */
  subscribe(channel: string, listener: (payload: string) => void): () => void;
}
