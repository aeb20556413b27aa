/** An error response of the Machines API. `error` is the literal text in the body. */
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
