import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { openSqliteLog } from '../../src/log/sqlite.ts'
import { verifyLog } from '../../src/log/verify.ts'
import { gapsIn } from '../chaos/history.ts'
import { change, collect } from './fixture.ts'

const WRITER = fileURLToPath(new URL('writer.ts', import.meta.url))

interface WriterOptions {
  readonly appends: number
  readonly size?: number
  /** `name:nth` */
  readonly failpoint?: string
  /** Largest file that the writer can make, in KiB: writing behind that is an I/O error. */
  readonly fileLimit?: number
  /** Kills it with -9 when it has said this many lines. */
  readonly killAfter?: number
}

export interface Acknowledged {
  readonly sequence: number
  readonly hash: string
}

export interface Run {
  readonly signal: NodeJS.Signals | null
  readonly acknowledged: readonly Acknowledged[]
  readonly failed: string | undefined
}

/** Runs writer.ts until it ends, 30 s at most. */
export async function runWriter(path: string, options: WriterOptions): Promise<Run> {
  const args = [WRITER, path, String(options.appends), String(options.size ?? 1)]
  const limit = options.fileLimit === undefined ? 'unlimited' : String(options.fileLimit)
  const child = spawn('bash', ['-c', `ulimit -f ${limit}; exec "$0" "$@"`, process.execPath, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, FAILPOINT: options.failpoint ?? '' },
    timeout: 30_000,
  })
  const ended = new Promise<NodeJS.Signals | null>((resolve) =>
    child.once('close', (_, signal) => resolve(signal)),
  )
  const lines: Partial<Acknowledged & { failed: string }>[] = []
  for await (const line of createInterface(child.stdout)) {
    lines.push(JSON.parse(line))
    if (lines.length === options.killAfter) child.kill('SIGKILL')
  }
  return {
    signal: await ended,
    acknowledged: lines.filter((line): line is Acknowledged => line.sequence !== undefined),
    failed: lines.find(({ failed }) => failed)?.failed,
  }
}

/** Events in an append of which 60 or so fill the write-ahead log up to a checkpoint. */
export const LARGE = 2_000

/** The log is whole and holds all that was acknowledged; doing everything again changes nothing that was done. */
export async function checkAfter(
  path: string,
  { acknowledged }: Pick<Run, 'acknowledged'>,
  size = 1,
): Promise<number> {
  const { entries } = await verifyLog(path)
  await using log = await openSqliteLog(path)
  const found = await collect(log.read(1))
  assert.equal(found.length, entries)
  assert.deepEqual(gapsIn([0, ...found.map(({ sequence }) => sequence)]), [])
  for (const { sequence, hash } of acknowledged)
    assert.equal(found[sequence - 1]?.hash, hash, `entry ${sequence}`)
  for (const entry of found) {
    const again = await log.append(-1, change(entry.sequence, size))
    assert.deepEqual(again, { entry, repeated: true })
  }
  const next = change(entries + 1, size)
  assert.deepEqual((await log.append(entries, next)).repeated, false)
  return entries
}
