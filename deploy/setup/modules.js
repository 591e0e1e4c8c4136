import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './launch.js'
import { say } from './say.js'

/** Lines of npm's complaint that are shown. */
const REASON_LINES = 8

/** Runs `npm ci` unless node_modules is what the lock file says; false, with a sentence said, when it cannot. */
export function ensureModules() {
  if (fits()) return true
  say('installing the packages of package-lock.json with npm ci')
  const npm = spawnSync('npm', ['ci', '--ignore-scripts', '--loglevel=error'], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (npm.status === 0) return true
  // The reason stands on top; below it npm explains all its options.
  for (const line of (npm.stderr ?? '').split('\n').slice(0, REASON_LINES)) say(line)
  say(
    `npm ci failed (${npm.error?.message ?? `code ${npm.status}`}); see to it that the npm registry can be reached, then run \`npm ci\`.`,
  )
  return false
}

/**
 * Whether npm's own record of what it installed agrees with the lock file. npm writes that record last, so it also tells
 * a whole installation from one that broke off. Optional packages of other platforms are rightly absent.
 */
function fits() {
  const wanted = packagesOf('package-lock.json')
  const there = packagesOf('node_modules/.package-lock.json')
  if (!wanted || !there) return false
  const same = (path) => wanted[path]?.integrity === there[path]?.integrity
  return (
    Object.keys(there).every(same) &&
    Object.keys(wanted).every((path) => path === '' || same(path) || (wanted[path].optional && !there[path]))
  )
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(join(ROOT, file), 'utf8')).packages
  } catch {
    return undefined
  }
}
