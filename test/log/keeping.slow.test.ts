import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openSqliteLog } from '../../src/log/sqlite.ts'
import { verifyLog } from '../../src/log/verify.ts'
import { report, runs } from '../chaos/runs.ts'
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

describe('kills while a snapshot is kept, or old entries are dropped', () => {
  const total = { runs: 0, acknowledged: 0, lost: 0 }
  after(() => report('log killed while it is kept short', total))

  for (const step of STEPS) {
    it(`lose nothing at ${step}, and leave a log that verifies and begins from a snapshot`, async () => {
      await using dir = await scratch()
      for (let run = 0; run < runs(2, 50); run++) {
        const acknowledged = await die(dir.log, `${step}:${1 + (run % 4)}`)
        const { dropped, snapshots, head } = await verifyLog(dir.log)
        assert.ok(dropped <= (snapshots.at(-1) ?? 0))
        await using log = await openSqliteLog(dir.log)
        const hashes = new Map(
          (await collect(log.read(dropped + 1))).map(({ sequence, hash }) => [sequence, hash]),
        )
        for (const { sequence, hash } of acknowledged) {
          if (sequence > dropped) assert.equal(hashes.get(sequence), hash, `entry ${sequence}`)
        }
        const last = acknowledged.at(-1)?.sequence ?? 0
        assert.ok(head.sequence >= last)
        assert.equal((await log.append(-1, change(Math.max(last, 2)))).repeated, true)
        total.runs++
        total.acknowledged += acknowledged.length
      }
    })
  }
})
