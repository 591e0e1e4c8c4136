import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { findNode, ROOT } from './launch.js'
import { say } from './say.js'

/**
 * Builds `what`, and says so; false, with the reason said, when it cannot.
 * @param {string[]} args of `vite build`
 */
export function viteBuild(what, args) {
  say(`building ${what}`)
  const vite = join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js')
  const built = spawnSync(findNode() ?? process.execPath, [vite, 'build', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (built.status === 0) return true
  say(`${what} could not be built: ${(built.stderr || built.error?.message || '').trim()}`)
  return false
}

/** Paths of all files in a folder and those below, sorted. */
export function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort()
}
