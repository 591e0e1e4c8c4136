import { readlinkSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

/** The file that `path` means, by whatever links it is reached; also where there is none yet. */
export function realOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return linked(path) ?? join(realFolder(dirname(path)), basename(path))
  }
}

/** Where a link leads at the end of which there is nothing yet. */
function linked(path: string): string | undefined {
  try {
    return realOf(resolve(dirname(path), readlinkSync(path)))
  } catch {
    return undefined
  }
}

function realFolder(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
