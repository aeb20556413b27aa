import { type Logger, pino } from 'pino';

export type Log = Logger;

/** JSON logs on stdout. Whatever could carry a secret is cut out before it is written. */
export function makeLog(service: string, level: string): Log {
  return pino({
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: [
        'authorization',
        'cookie',
        'token',
        'password',
        'key',
        '*.authorization',
        '*.cookie',
        '*.token',
        '*.password',
        'headers.authorization',
        'headers.cookie',
        'err.config',
        'err.options',
      ],
      censor: '[cut]',
    },
  });
}
