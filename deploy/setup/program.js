import { createHash } from 'node:crypto'
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { ROOT } from './launch.js'
import { filesIn, viteBuild } from './vite.js'

const SOURCE = 'src/cli/main.ts'

/** Each build has a folder of its own, named for what it was made of. */
const BUILDS = join(ROOT, 'dist', 'weft')
/** A program that runs may yet load a file of its build, also when others were made since. */
const KEPT = 10

/**
 * The command line: a few files, which load in half the time, where they were made of the sources as they stand here; else the
 * sources.
 */
export function programFile() {
  const built = join(BUILDS, fingerprint(), 'main.js')
  return existsSync(built) ? built : join(ROOT, SOURCE)
}

/** Makes a program of the sources unless it is there; false where it cannot: then they run as they are. */
export function ensureProgram() {
  const build = join(BUILDS, fingerprint())
  if (existsSync(join(build, 'main.js'))) return true
  const unfinished = `${build}.${process.pid}`
  const args = ['--config', 'config/program.js', '--outDir', relative(ROOT, unfinished)]
  const isBuilt = viteBuild('the program', args)
  if (isBuilt) keep(unfinished, build)
  rmSync(unfinished, { recursive: true, force: true })
  return isBuilt
}

/** Who runs at the same time makes the same. */
function keep(unfinished, build) {
  try {
    renameSync(unfinished, build)
  } catch (error) {
    if (!existsSync(join(build, 'main.js'))) throw error
  }
  const builds = readdirSync(BUILDS).map((name) => join(BUILDS, name))
  const newest = builds.map((path) => ({ path, at: madeAt(path) })).sort((a, b) => b.at - a.at)
  for (const { path } of newest.slice(KEPT)) rmSync(path, { recursive: true, force: true })
}

/** Another may have put it away meanwhile. */
function madeAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

/** Of everything that goes into it, by size and time: it is asked for at each start. */
function fingerprint() {
  const hash = createHash('sha256')
  const settings = ['config/program.js', 'package-lock.json'].map((file) => join(ROOT, file))
  for (const file of [...filesIn(join(ROOT, 'src')), ...settings]) {
    // One that is not there is no reason not to start.
    const { size, mtimeMs } = statSync(file, { throwIfNoEntry: false }) ?? {}
    hash.update(`${relative(ROOT, file)}\0${size}\0${mtimeMs}\0`)
  }
  return hash.digest('hex').slice(0, 16)
}
