import { fileURLToPath } from 'node:url'
import { type Helper, startHelper } from '../helper.ts'
import type { FloorCalls } from './floor-process.ts'

const PROGRAM = fileURLToPath(new URL('floor-process.ts', import.meta.url))

/** The servers of the floor, in a process of their own. */
export function startFloor(): Promise<Helper<FloorCalls>> {
  return startHelper<FloorCalls>(PROGRAM)
}
