import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { say } from './say.js'

/** The folder of the clone. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The first version that runs the TypeScript of src as it is and has the SQLite that the log needs. */
const NODE_MAJOR = 24

/**
 * Node sets 128 MB aside for objects that are new, where there is much memory; with 32 MB all runs as fast, and its pauses are
 * shorter. What is started from here (agents of a lab, helpers of the bench) has the same.
 */
const NODE_FLAGS = ['--max-semi-space-size=16']

const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2']

/**
 * Becomes Node 24 with a program.
 * @param {string[]} run a file, relative to the clone unless it is absolute, and its arguments
 */
export function launch([file, ...args]) {
  const node = findNode()
  if (!node) {
    say(`Node ${NODE_MAJOR} is missing (this is ${process.version}); run \`npm ci\` in ${ROOT} first.`)
    process.exit(1)
  }
  const argv = [...NODE_FLAGS, resolve(ROOT, file), ...args]
  // Compiled once and kept, the modules load in half the time.
  process.env.NODE_COMPILE_CACHE ??= join(ROOT, 'node_modules', '.cache', 'weft')
  // Node 22.15 and later can replace itself: no process is left in between to pass signals and exit codes on.
  if (process.execve) process.execve(node, [node, ...argv], process.env)
  else spawnAndFollow(node, argv)
}

/** The Node that the packages brought along, else the running one if it is new enough. */
export function findNode() {
  const brought = join(ROOT, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node')
  if (existsSync(brought)) return brought
  return Number.parseInt(process.versions.node, 10) >= NODE_MAJOR ? process.execPath : undefined
}

function spawnAndFollow(node, argv) {
  const child = spawn(node, argv, { stdio: 'inherit' })
  for (const signal of PASSED_ON) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    say(`${node} cannot be started: ${error.message}.`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    if (signal) dieBy(signal)
    else process.exit(code)
  })
}

/** Ends as the child ended, so that a shell sees the signal and not a code. */
function dieBy(signal) {
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
}
