import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';
import { noticeOf } from './notice-of';

export type Log = Logger;

/**
 * Returns a logger that writes JSON to stdout. Errors are reduced to what explains them. Everything that looks like a
 * key of this product, or is one of `secrets`, is cut out of every line.
 */
export function makeLog(service: string, level: string, secrets: string[] = [], to?: DestinationStream): Log {
  const secret = secretPattern(secrets);
  const options: LoggerOptions = {
    level,
    base: { service },
    serializers: { err: noticeOf },
    hooks: { streamWrite: (line) => line.replace(secret, CUT) },
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
      ],
      censor: CUT,
    },
  };
  return to ? pino(options, to) : pino(options);
}

const CUT = '[cut]';

/** API keys, tokens of runs and terminals, the payment provider's keys, and passwords in URLs. */
const KEYS = [
  'hg_[\\w-]{8}_[\\w-]{32}',
  'hgr_[0-9a-f-]{36}_[\\w-]{43}',
  'hgc_[\\w-]+\\.[\\w-]{43}',
  '\\b(?:[sr]k_(?:test|live)|whsec)_\\w+',
  '(?<=\\b[a-z]{3,10}://[^\\s:/@"]*:)[^\\s@"/]+(?=@)',
];

function secretPattern(secrets: string[]): RegExp {
  const literal = secrets.flatMap((text) => [text, JSON.stringify(text).slice(1, -1)]);
  const escaped = [...new Set(literal)].map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp([...escaped, ...KEYS].join('|'), 'g');
}
