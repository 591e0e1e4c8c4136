import { WeftError } from '../errors.ts'
import { type ControllerFrame, type ControllerFrameOf, parseControllerFrame } from '../protocol/frames.ts'
import type { ContentFrame } from './replica.ts'

/** What the journal of a network holds: what led to its last plan, or that this node has left it and is not done with that. */
export type Kept =
  | { readonly kind: 'plan'; readonly frames: readonly ContentFrame[] }
  | { readonly kind: 'left'; readonly parting: Parting }

/** By what a node knows that it left a network: a word that was signed for that, or that the node itself was removed. */
export type Parting = ControllerFrameOf<'removed'> | typeof NODE_REMOVED

/** The farewell was signed for one handshake, so of the word itself nothing could be shown later. */
export const NODE_REMOVED = Object.freeze({ type: 'node-removed' as const })

const NODE_REMOVED_LINE = keptParting(NODE_REMOVED)

/** The line that says so. */
export function keptParting(parting: Parting): string {
  return JSON.stringify(parting)
}

/** A node that was let in again has written on behind its parting. Throws when a line is none that belongs here, or cannot be read. */
export function readKept(lines: readonly string[] | WeftError): Kept {
  if (lines instanceof WeftError) throw lines
  const frames = lines.map((line) => (line === NODE_REMOVED_LINE ? NODE_REMOVED : parseControllerFrame(line)))
  const at = frames.findLastIndex(isParting)
  const last = frames.at(-1)
  if (last && isParting(last)) return { kind: 'left', parting: last }
  return { kind: 'plan', frames: frames.slice(at + 1).map(toContent) }
}

type Line = ControllerFrame | Parting

function isParting(frame: Line): frame is Parting {
  return frame.type === 'removed' || frame.type === 'node-removed'
}

function toContent(frame: Line): ContentFrame {
  if (isContent(frame)) return frame
  throw new WeftError('protocol-error', `A journal holds a ${frame.type} frame.`)
}

function isContent(frame: Line): frame is ContentFrame {
  return ['self', 'current', 'snapshot', 'delta', 'hints', 'lan'].includes(frame.type)
}
