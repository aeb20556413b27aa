/** The messages between a page and a machine beside the bytes of a terminal. */

export type StopCause = 'idle' | 'quota';
export type Notice = {
  level: 'info' | 'warning' | 'final';
  text: string;
  /** For a near stop: its cause, the reason without its time, and the time left when it was announced, in ms. */
  cause?: StopCause;
  why?: string;
  stopsInMs?: number;
};
export type TabInfo = { tab: number; name?: string };
export type LineState = 'connecting' | 'open' | 'retrying' | 'ended';
export type Size = { cols: number; rows: number };
export type Ready = { v?: number; replayed: boolean; active?: boolean; took?: number | null } & Partial<Size>;
export type Message = { type: string; units?: number; active?: boolean; tabs?: TabInfo[] } & Ready & Notice;
