import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openSqliteLog } from '../../src/log/sqlite.ts'
import { verifyLog } from '../../src/log/verify.ts'
import { gapsIn } from '../chaos/history.ts'
import { report, runs, Tally } from '../chaos/runs.ts'
import type { Acknowledged } from './child.ts'
import { change, collect, scratch } from './fixture.ts'

const KEEPER = fileURLToPath(new URL('keeper.ts', import.meta.url))
const STEPS = ['snapshot', 'compact'].flatMap((what) =>
  ['before-begin', 'before-commit', 'after-commit'].map((when) => `${what}-${when}`),
)

/** What it acknowledged before it died there. */
async function die(path: string, failpoint: string): Promise<Acknowledged[]> {
  const child = spawn(process.execPath, [KEEPER, path], {
    env: { ...process.env, FAILPOINT: failpoint },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 60_000,
  })
  const ended = new Promise((resolve) => child.once('close', (_, signal) => resolve(signal)))
  const acknowledged: Acknowledged[] = []
  for await (const line of createInterface(child.stdout)) acknowledged.push(JSON.parse(line))
  assert.equal(await ended, 'SIGKILL', failpoint)
  return acknowledged
}

/** What is left is whole from a snapshot on, and holds all that was acknowledged behind it. */
async function check(path: string, acknowledged: readonly Acknowledged[]): Promise<void> {
  const { dropped, snapshots, head } = await verifyLog(path)
  assert.ok(dropped <= (snapshots.at(-1) ?? 0))
  await using log = await openSqliteLog(path)
  const left = await collect(log.read(dropped + 1))
  assert.deepEqual(gapsIn([dropped, ...left.map(({ sequence }) => sequence)]), [])
  const hashes = new Map(left.map(({ sequence, hash }) => [sequence, hash]))
  for (const { sequence, hash } of acknowledged) {
    if (sequence > dropped) assert.equal(hashes.get(sequence), hash, `entry ${sequence}`)
  }
  const last = acknowledged.at(-1)?.sequence ?? 0
  assert.ok(head.sequence >= last)
  assert.equal((await log.append(-1, change(Math.max(last, 2)))).repeated, true)
}

describe('kills while a snapshot is kept, or old entries are dropped', () => {
  const total = new Tally()
  after(() => report('log killed while it is kept short', { ...total }))

  for (const step of STEPS) {
    it(`lose nothing at ${step}, and leave a log that verifies and begins from a snapshot`, async () => {
      await using dir = await scratch()
      for (let run = 0; run < runs(2, 50); run++) {
        const acknowledged = await die(dir.log, `${step}:${1 + (run % 4)}`)
        await total.count(acknowledged.length, () => check(dir.log, acknowledged))
      }
    })
  }
})
