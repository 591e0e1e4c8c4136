import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

/** A lab in a process of its own that was killed before it could clean up; gives the number of a program in the lab. */
export async function abandonLab(id: string, kind: 'isolated' | 'bare'): Promise<number> {
  const owner: ChildProcess = spawn(process.execPath, ['test/lab/owner.ts', id, kind], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said] = owner.stdout ? await once(owner.stdout, 'data') : []
  const gone = once(owner, 'exit')
  owner.kill('SIGKILL')
  await gone
  return Number(said)
}

/** A lab id that no other run uses. */
export function uniqueId(): string {
  return process.pid.toString(36)
}
