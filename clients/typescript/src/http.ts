/** An answer that is no success, or none at all. */
export class CoteError extends Error {
  override readonly name = 'CoteError'

  constructor(
    /** The HTTP status, or the close code of a socket; 0 where nothing came. */
    readonly status: number,
    /** The stable code of the server, `network` where nothing came, `closed` after `close()`. */
    readonly code: string,
    /** A sentence for people. */
    readonly detail: string,
    /** Of a 422, each wrong field. */
    readonly fields?: { loc: (string | number)[]; msg: string }[],
    /** Seconds after which the server would answer. */
    readonly retryAfter?: number,
  ) {
    super(detail)
  }
}
