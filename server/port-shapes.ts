import { z } from 'zod';
import { inputs } from './shapes';

/** A port of a session: what listens there, and who may open it. */
export type Port = {
  port: number;
  /** The name of the program; null when it is unknown or nothing listens. */
  process: string | null;
  /** False for a port that is shared while nothing listens on it. */
  isListening: boolean;
  /** With access `link` the address lets everybody in who has it. */
  url: string;
  access: 'private' | 'link';
};

export const portNumber = z.number().int().min(1).max(65_535);

export const portInputs = {
  share: inputs.sessionId.extend({ port: portNumber, access: z.enum(['private', 'link']) }),
} as const;
