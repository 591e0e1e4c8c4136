import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WeftError } from '../errors.ts'
import { findProcess, isAlive, type ProcessId } from './process.ts'

/**
 * The folder of one lab: who owns it, which processes it started, and their data and logs. What an owner that was killed
 * left behind is found again by it.
 */
export interface RunDir {
  readonly id: string
  readonly path: string
}

/** A folder without an owner is one that is being made, or whose maker died in that moment. */
const MAKING_MS = 10_000

/** Makes the folder of a new lab, owned by this process and closed to other users. Throws `unsupported` as below. */
export function createRunDir(id: string): RunDir {
  const path = join(labsFolder(), id)
  mkdirSync(path, { mode: 0o700 })
  writeFileSync(join(path, 'owner'), line(findProcess(process.pid)))
  return { id, path }
}

/** The folders of labs whose owner is no more. */
export function deadRunDirs(): RunDir[] {
  const folder = labsFolder()
  return readdirSync(folder)
    .map((id) => ({ id, path: join(folder, id) }))
    .filter(isDead)
}

/** Writes down a process that the lab started, so that it can be ended even by another. */
export function recordProcess({ path }: RunDir, pid: number): void {
  appendFileSync(join(path, 'processes'), line(findProcess(pid)))
}

/** The processes that were written down and still run. */
export function recordedProcesses({ path }: RunDir): ProcessId[] {
  return readProcesses(join(path, 'processes')).filter(isAlive)
}

/** Removes the folder with all that is in it; one that is gone is no error. */
export function removeRunDir({ path }: RunDir): void {
  rmSync(path, { recursive: true, force: true })
}

/**
 * Where labs keep their folders, made if need be: root's are found by every later lab of this machine, others' by those
 * of the same user. Throws `unsupported` when somebody else made it, who could then name us processes to end.
 */
function labsFolder(): string {
  const user = process.getuid?.() ?? 0
  const folder = user === 0 ? '/run/weft-lab' : join(tmpdir(), `weft-lab-${user}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const { uid } = lstatSync(folder)
  if (uid === user) return folder
  throw new WeftError('unsupported', `The folder ${folder} belongs to another user.`, {
    advice: 'Remove it, or set TMPDIR to a folder of your own.',
  })
}

function isDead({ path }: RunDir): boolean {
  const [owner] = readProcesses(join(path, 'owner'))
  if (owner) return !isAlive(owner)
  const made = statSync(path, { throwIfNoEntry: false })?.mtimeMs
  return made !== undefined && Date.now() - made > MAKING_MS
}

function line(found: ProcessId | undefined): string {
  return found ? `${found.pid} ${found.start}\n` : ''
}

function readProcesses(file: string): ProcessId[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
  return lines.flatMap((text) => {
    const [pid, start] = text.split(' ')
    return start ? [{ pid: Number(pid), start }] : []
  })
}
