import { fileURLToPath } from 'node:url'
import { encodeFrame } from '../../../src/protocol/frames.ts'
import { type Helper, startHelper } from '../helper.ts'
import type { FloorCalls } from './floor-process.ts'

const PROGRAM = fileURLToPath(new URL('floor-process.ts', import.meta.url))

/** A frame with as many bytes as what one who comes back is usually told. */
export const USUAL_ANSWER = encodeFrame({
  type: 'current',
  body: 'A'.repeat(80),
  signature: 'A'.repeat(86),
  hints: 'A'.repeat(22),
})

/** The servers of the floor, in a process of their own. */
export function startFloor(): Promise<Helper<FloorCalls>> {
  return startHelper<FloorCalls>(PROGRAM)
}
