import { randomBytes } from 'node:crypto'

/** A source of `length` random bytes. Passed in wherever chance is needed, so that tests can own it. */
export type Random = (length: number) => Uint8Array

export const systemRandom: Random = (length) => new Uint8Array(randomBytes(length))
