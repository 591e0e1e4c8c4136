import { WeftError } from '../errors.ts'
import type { Point } from '../protocol/content.ts'

export function isOlder(a: Point, b: Point): boolean {
  return a.epoch < b.epoch || (a.epoch === b.epoch && a.revision < b.revision)
}

/** For what would lead back. */
export function stale(got: Point, known: Point): WeftError {
  const [a, b] = [got, known].map(({ epoch, revision }) => `${epoch}.${revision}`)
  return new WeftError('stale-revision', `Revision ${a} is older than ${b}, which this node has.`)
}

/** For what belongs nowhere in this history. */
export function notForUs(): WeftError {
  return new WeftError('protocol-error', 'A frame is signed for another node or network.')
}
