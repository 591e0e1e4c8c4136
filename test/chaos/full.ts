import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'

/** Why no file system can be mounted; false: it can. */
export const whyNoMount = process.getuid?.() === 0 ? false : 'needs root, to mount a small file system'

/** A file system of its own at a folder that is made. */
export function mountSmall(path: string, kibibytes = 2_048): Disposable {
  mkdirSync(path)
  execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'weft-test', path])
  return { [Symbol.dispose]: () => void execFileSync('/bin/umount', ['--lazy', path]) }
}

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
