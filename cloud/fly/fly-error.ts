/** An answer of the Machines API that is not a success. `error` is the literal text of the body. */
export class FlyError extends Error {
  constructor(
    readonly httpStatus: number,
    readonly error: string,
    readonly statusCode?: string,
  ) {
    super(error);
  }

  body(): { error: string; status?: string } {
    return this.statusCode ? { error: this.error, status: this.statusCode } : { error: this.error };
  }
}
