import { closeSync, openSync, rmSync, statSync, writeSync } from 'node:fs'

/** What says that there is no room, beside ENOSPC: a quota, or a limit of the process (setrlimit(2), RLIMIT_FSIZE). */
const NO_ROOM: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])
const PROBE = Buffer.alloc(65_536)

/**
 * Whether files like that at `path` can grow no more. SQLite tells a quota from a broken disk only by an errno that it keeps
 * to itself, so it is tried on a file beside it, at the place where the log would be written.
 */
export function isOutOfRoom(path: string): boolean {
  const probe = `${path}.probe`
  try {
    const place = Math.max(sizeOf(path), sizeOf(`${path}-wal`))
    const file = openSync(probe, 'w', 0o600)
    try {
      writeSync(file, PROBE, 0, PROBE.length, place)
    } finally {
      closeSync(file)
    }
    return false
  } catch (cause) {
    return cause instanceof Error && 'code' in cause && NO_ROOM.has(cause.code)
  } finally {
    rmSync(probe, { force: true })
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
