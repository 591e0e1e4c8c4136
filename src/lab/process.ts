import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

/** A process that cannot be taken for a later one of the same number. */
export interface ProcessId {
  readonly pid: number
  /** When it started, in clock ticks since boot: field 22 of proc(5) stat. */
  readonly start: string
}

const POLL_MS = 20

/** The process of this number; undefined if there is none, or only what is left of it until its parent looks. */
export function findProcess(pid: number): ProcessId | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name stands in brackets and may hold anything; the fields are counted from behind it: state is the third.
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const start = rest[18]
    return state === 'Z' || start === undefined ? undefined : { pid, start }
  } catch {
    return undefined
  }
}

export function isAlive({ pid, start }: ProcessId): boolean {
  return findProcess(pid)?.start === start
}

/** Asks processes to end, and makes those that still run after `grace` ms. They need not be children of this one. */
export async function endProcesses(processes: readonly ProcessId[], grace: number): Promise<void> {
  send(processes, 'SIGTERM')
  await waitForEnd(processes, grace)
  send(processes, 'SIGKILL')
  await waitForEnd(processes, grace)
}

function send(processes: readonly ProcessId[], signal: NodeJS.Signals): void {
  for (const { pid } of processes.filter(isAlive)) {
    try {
      process.kill(pid, signal)
    } catch {
      // It ended in between.
    }
  }
}

async function waitForEnd(processes: readonly ProcessId[], limit: number): Promise<void> {
  const deadline = performance.now() + limit
  while (performance.now() < deadline && processes.some(isAlive)) await wait(POLL_MS)
}
