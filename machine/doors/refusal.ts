/** Why a door refuses: an HTTP status, a stable reason, and a sentence that says what to do next. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}

export const invalid = (message: string): Refusal => new Refusal(400, 'INVALID_INPUT', message);
export const missing = (message = 'There is no such file or folder.'): Refusal =>
  new Refusal(404, 'NOT_FOUND', message);
export const conflict = (message: string): Refusal => new Refusal(409, 'CONFLICT', message);

const BY_CODE: Record<string, () => Refusal> = {
  ENOENT: () => missing(),
  ENOTDIR: () => missing(),
  EEXIST: () => conflict('There is already something with this name.'),
  ENOTEMPTY: () => conflict('There is already a folder with this name.'),
  EISDIR: () => conflict('There is a folder with this name.'),
  EINVAL: () => invalid('A folder cannot be moved into itself.'),
  ELOOP: () => invalid('This link leads in a circle.'),
  ENAMETOOLONG: () => invalid('This name is too long.'),
  EXDEV: () => invalid('This folder is on another disk.'),
  EACCES: () => new Refusal(403, 'FORBIDDEN', 'The machine may not open this.'),
  EPERM: () => new Refusal(403, 'FORBIDDEN', 'The machine may not change this.'),
  EROFS: () => new Refusal(403, 'FORBIDDEN', 'The disk can only be read.'),
  ENOSPC: () => new Refusal(507, 'DISK_FULL', 'The disk is full. Delete something first.'),
  EDQUOT: () => new Refusal(507, 'DISK_FULL', 'The disk is full. Delete something first.'),
  EFBIG: () => new Refusal(507, 'DISK_FULL', 'The file is larger than the disk takes.'),
  EMFILE: () => new Refusal(429, 'RATE_LIMITED', 'Too much is open at once. Try again in a moment.'),
};

/** Returns the refusal for any error; the system's own text is not shown. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const code = (error as NodeJS.ErrnoException | null)?.code ?? '';
  return BY_CODE[code]?.() ?? new Refusal(500, 'FAILED', 'The machine could not do this. Try again.');
}
