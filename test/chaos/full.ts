import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'

/** Writes `path` until nothing fits any more. */
export function fill(path: string): void {
  for (let size = 1 << 20; size >= 1; size >>= 1) {
    try {
      while (true) writeFileSync(path, new Uint8Array(size), { flag: 'a' })
    } catch (error) {
      assert.ok(error instanceof Error && 'code' in error && error.code === 'ENOSPC')
    }
  }
}
