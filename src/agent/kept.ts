import { WeftError } from '../errors.ts'
import { type ControllerFrame, type ControllerFrameOf, parseControllerFrame } from '../protocol/frames.ts'
import type { ContentFrame } from './replica.ts'

/** What the journal of a network holds: what led to its last plan, or that this node has left it and is not done with that. */
export type Kept =
  | { readonly kind: 'plan'; readonly frames: readonly ContentFrame[] }
  | { readonly kind: 'left'; readonly removal: ControllerFrameOf<'removed'> }

/** A node that was let in again has written on behind its removal. Throws when a line is none that belongs here. */
export function readKept(lines: readonly string[]): Kept {
  const frames = lines.map(parseControllerFrame)
  const at = frames.findLastIndex(({ type }) => type === 'removed')
  const last = frames.at(-1)
  if (last?.type === 'removed') return { kind: 'left', removal: last }
  return { kind: 'plan', frames: frames.slice(at + 1).map(toContent) }
}

function toContent(frame: ControllerFrame): ContentFrame {
  if (isContent(frame)) return frame
  throw new WeftError('protocol-error', `A journal holds a ${frame.type} frame.`)
}

function isContent(frame: ControllerFrame): frame is ContentFrame {
  return ['self', 'current', 'snapshot', 'delta', 'hints', 'lan'].includes(frame.type)
}
