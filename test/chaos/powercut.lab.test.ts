import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { lookAtState, openHome } from '../../src/agent/home.ts'
import { agentSettings } from '../../src/agent/settings.ts'
import { parseFingerprint } from '../../src/keys/pinned.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import { SigningKey } from '../../src/keys/signature.ts'
import { installLog } from '../../src/log/install.ts'
import { openSource } from '../../src/log/source.ts'
import { openSqliteLog } from '../../src/log/sqlite.ts'
import { verifyLog } from '../../src/log/verify.ts'
import { loadSettings } from '../../src/settings.ts'
import { type Acknowledged, checkAfter } from '../log/child.ts'
import { appendAll, scratch } from '../log/fixture.ts'
import { Disk, whyNoPowerCuts } from './disk.ts'
import { report, runs, Tally } from './runs.ts'

const WRITER = fileURLToPath(new URL('../log/writer.ts', import.meta.url))
const CARELESS = fileURLToPath(new URL('careless-writer.ts', import.meta.url))

interface Cut {
  readonly acknowledged: readonly Acknowledged[]
  /** How the writer's log ended when the disk was gone. */
  readonly failed: string | undefined
}

/**
 * Runs a writer, and cuts the power when it has said `after` lines. A machine without power says nothing more, so the writer
 * is stopped first, wherever it is, and never runs again: an fsync that is under way when ext4 is shut down may return as
 * if it had been done. `live`: it goes on, to meet the dead disk.
 */
async function cut(
  disk: Disk,
  [program, ...args]: readonly [string, ...string[]],
  after: number,
  live = false,
): Promise<Cut> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
  const closed = once(child, 'close')
  const lines: Partial<Acknowledged & { failed: string }>[] = []
  for await (const line of createInterface(child.stdout)) {
    lines.push(JSON.parse(line))
    if (lines.length !== after) continue
    if (!live) child.kill('SIGSTOP')
    disk.cutPower()
    if (!live) child.kill('SIGKILL')
  }
  await closed
  const acknowledged = lines.filter((line): line is Acknowledged => line.sequence !== undefined)
  return { acknowledged, failed: lines.find(({ failed }) => failed)?.failed }
}

describe('a power cut', { skip: whyNoPowerCuts() }, () => {
  const CUTS = runs(6, 50)

  it('takes nothing that was acknowledged, and the log goes on, over one cut after the other', async () => {
    await using dir = await scratch()
    using disk = new Disk(dir.path)
    const log = join(disk.path, 'log.db')
    const total = new Tally()
    for (let run = 0; run < CUTS; run++) {
      const done = await cut(disk, [WRITER, log, '100000', '3'], 40 + ((run * 53) % 300))
      disk.powerOn()
      await total.count(done.acknowledged.length, () => checkAfter(log, done, 3))
    }
    report('power cuts', { ...total })
  })

  it('that the writer survives is an I/O error to it: it stops, and writes nothing more', async () => {
    await using dir = await scratch()
    using disk = new Disk(dir.path)
    const log = join(disk.path, 'log.db')
    const { failed, acknowledged } = await cut(disk, [WRITER, log, '100000', '3'], 100, true)
    assert.equal(failed, 'log-damaged')
    disk.powerOn()
    const { entries } = await verifyLog(log)
    await checkAfter(log, { acknowledged: acknowledged.slice(0, Math.min(entries, 99)) }, 3)
  })

  it('leaves a log that was imported as soon as that was told', async () => {
    await using dir = await scratch()
    using disk = new Disk(dir.path)
    const [from, to] = [join(dir.path, 'from.db'), join(disk.path, 'log.db')]
    {
      await using log = await openSqliteLog(from)
      await appendAll(log, 1, 50)
    }
    using source = openSource(from)
    const head = await installLog(source, to, { now: 0 })
    disk.cutPower()
    disk.powerOn()
    assert.deepEqual((await verifyLog(to)).head, head)
  })

  it('leaves the identity of an agent, and who it obeys', async () => {
    await using dir = await scratch()
    using disk = new Disk(dir.path)
    const defaults = loadSettings(agentSettings, { environment: {}, flags: {} })
    const settings = { ...defaults, stateDir: join(disk.path, 'agent') }
    const home = await openHome(settings, systemRandom)
    const { id } = await home.identity()
    const fingerprint = parseFingerprint('A'.repeat(43))
    const controllerKey = new SigningKey(new SecretBytes(systemRandom(32))).publicKey
    assert.ok(fingerprint)
    await home.enrol({ urls: ['https://localhost'], fingerprint, controllerKey })
    disk.cutPower()
    disk.powerOn()
    const { identity, enrolment } = await lookAtState(settings)
    assert.deepEqual([identity?.id, enrolment?.controllerKey], [id, controllerKey])
  })

  it('does take something from a careless writer, so it would show', async () => {
    await using dir = await scratch()
    using disk = new Disk(dir.path)
    const path = join(disk.path, 'careless.db')
    let [cuts, acknowledged, lost] = [0, 0, 0]
    while (lost === 0 && cuts < 20) {
      const done = await cut(disk, [CARELESS, path], 200 + ((cuts * 37) % 200))
      disk.powerOn()
      lost += countLost(path, done.acknowledged)
      acknowledged += done.acknowledged.length
      cuts++
    }
    report('power cuts with synchronous=NORMAL, the control', { cuts, acknowledged, lost })
    assert.ok(lost > 0, `nothing was lost in ${cuts} cuts: this test is blind`)
  })
})

function countLost(path: string, acknowledged: readonly Acknowledged[]): number {
  using database = new DatabaseSync(path)
  const has = database.prepare("SELECT count(*) AS there FROM sqlite_schema WHERE name = 'entries'").get()
  if (has?.there !== 1) return acknowledged.length
  const find = database.prepare('SELECT 1 FROM entries WHERE sequence = ?')
  return acknowledged.filter(({ sequence }) => !find.get(sequence)).length
}
