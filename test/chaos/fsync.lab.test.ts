import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { verifyLog } from '../../src/log/verify.ts'
import { scratch } from '../log/fixture.ts'
import { Disk, whyNoPowerCuts } from './disk.ts'
import { fill } from './full.ts'
import { countLost } from './history.ts'
import { Life } from './life.ts'
import { report, runs } from './runs.ts'

/** Changes of each life of the controller, before it ends. */
const CHANGES = 10
/** Callers at a time. */
const CALLERS = 4

describe('a controller whose fsync fails', { skip: whyNoPowerCuts() }, () => {
  it('ends at once and says why, and what it acknowledged is there, on good storage and after a power cut', async () => {
    await using dir = await scratch()
    using world = new World(dir.path)
    const rounds = runs(1, 10)
    for (let round = 0; round < rounds; round++) {
      await world.live('fsync fails')
      // What the kernel could not write it forgets, and gives to readers all the same: only a power cut shows what there is.
      world.disk.cutPower()
      world.disk.powerOn()
      await world.live('fsync fails')
      await world.live('power is cut')
    }
    await world.live('power is cut')
    const { failed, checked, lost } = world
    report('fsync of a controller failed', { runs: failed, acknowledged: checked, lost })
  })
})

/** A controller over many lives, on storage that fails and is good again. */
class World implements Disposable {
  readonly disk: Disk
  readonly acknowledged: string[] = []
  failed = 0
  /** Of those that were acknowledged, how many a later life was asked for, and how many it did not have. */
  checked = 0
  lost = 0
  readonly #thin: string
  readonly #dataDir: string
  #token: string | undefined
  #next = 0
  /** The last answer. */
  #last: string | undefined
  /** Names of which nobody knows. */
  #open: string[] = []

  constructor(dir: string) {
    this.#thin = join(dir, 'thin')
    mkdirSync(this.#thin)
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=64m', 'weft-test', this.#thin])
    this.disk = new Disk(this.#thin, { isThin: true })
    this.#dataDir = join(this.disk.path, 'data')
    mkdirSync(this.#dataDir)
  }

  /** A life of the controller: it has to have all that was acknowledged, and ends like this after some more. */
  async live(end: 'fsync fails' | 'power is cut'): Promise<void> {
    const life = await Life.begin(this.#dataDir, '', this.#token)
    assert.ok(life, 'it starts')
    await using here = life
    this.#token ??= life.adminToken
    for (const name of this.#open.splice(0)) assert.ok(await this.#make(here, name), this.#last)
    await this.#check(here)
    const last = this.#next + CHANGES
    while (this.#next < last) await this.#make(here, `n${this.#next++}`)
    if (end === 'power is cut') {
      here.kill('SIGSTOP')
      this.disk.cutPower()
      here.kill('SIGKILL')
      await here.ended
      return this.disk.powerOn()
    }
    const filler = join(this.#thin, 'filler')
    fill(filler)
    const caller = async () => {
      while (await this.#make(here, `n${this.#next++}`))
        assert.ok(this.#next < last + 2_000, 'no fsync failed')
    }
    await Promise.all(Array.from({ length: CALLERS }, caller))
    assert.equal(await here.ended, 1)
    // 60 is fatal, and 1034 is SQLITE_IOERR_FSYNC (https://sqlite.org/rescode.html).
    assert.match(here.said, /"level":60,.*"code":"log-damaged".*disk I\/O error \(SQLite 1034\)/)
    assert.match(here.said, /^error: The log .* cannot be read or written: disk I\/O error/m)
    this.failed++
    rmSync(filler)
  }

  async #check(life: Life): Promise<void> {
    const there = new Set<string>()
    for (let cursor: unknown = ''; cursor !== undefined; ) {
      const { body } = await life.ask('GET', `/v1/projects?limit=1000${cursor}`)
      for (const { name } of body.items as { name: string }[]) there.add(name)
      cursor = body.next && `&cursor=${body.next}`
    }
    this.checked = this.acknowledged.length
    this.lost = countLost(this.acknowledged, there)
    assert.equal(this.lost, 0, `of ${this.checked}`)
    await verifyLog(join(this.#dataDir, 'log.db'))
  }

  /** Whether it was acknowledged. */
  async #make(life: Life, name: string): Promise<boolean> {
    const answer = await life.ask('POST', '/v1/projects', { name }, `make-${name}`).catch(() => undefined)
    this.#last = JSON.stringify(answer)
    if (answer?.status === 201) this.acknowledged.push(name)
    else this.#open.push(name)
    return answer?.status === 201
  }

  [Symbol.dispose](): void {
    this.disk[Symbol.dispose]()
    execFileSync('/bin/umount', ['--lazy', this.#thin])
  }
}
