/** What a page and a machine say to each other beside the bytes of a terminal. */

export type StopCause = 'idle' | 'quota';
export type Notice = {
  level: 'info' | 'warning' | 'final';
  text: string;
  /** Of a stop that is near: its cause, the reason without its time, and how long it was away. */
  cause?: StopCause;
  why?: string;
  stopsInMs?: number;
};
export type TabInfo = { tab: number; name?: string };
export type LineState = 'connecting' | 'open' | 'retrying' | 'ended';
export type Size = { cols: number; rows: number };
export type Ready = { v?: number; replayed: boolean; active?: boolean; took?: number | null } & Partial<Size>;
export type Message = { type: string; units?: number; active?: boolean; tabs?: TabInfo[] } & Ready & Notice;
