import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Home } from '../../src/agent/home.ts'
import { Journal } from '../../src/agent/journal.ts'
import type { ContentFrame } from '../../src/agent/replica.ts'
import type { NetworkId } from '../../src/model/names.ts'
import { encodeFrame } from '../../src/protocol/frames.ts'

const NETWORK = 'network' as NetworkId

/** A disk that takes so many lines more. */
class FullDisk implements Pick<Home, 'append' | 'rewrite'> {
  lines: readonly string[] = []
  room = Number.POSITIVE_INFINITY
  /** Called while something is being written. */
  onWrite: () => void = () => undefined

  async append(_: NetworkId, line: string): Promise<void> {
    this.#take(1)
    this.onWrite()
    await turn()
    this.lines = [...this.lines, line]
  }

  async rewrite(_: NetworkId, lines: readonly string[]): Promise<void> {
    this.#take(lines.length)
    this.onWrite()
    await turn()
    this.lines = lines
  }

  #take(lines: number): void {
    if (lines > this.room) throw new Error('No space left on device')
    this.room -= lines
  }
}

function frame(type: 'self' | 'delta' | 'snapshot', revision: number): ContentFrame {
  const signed = { body: `${revision}`, signature: '' }
  if (type === 'snapshot') return { type, ...signed, records: [], hints: [] }
  return { type, ...signed }
}

/** One more than can wait. */
const TOO_MANY = 4_097

/** A journal that is kept up to a snapshot. */
async function begun() {
  const disk = new FullDisk()
  const journal = new Journal(NETWORK, disk, () => [frame('self', 1)])
  journal.add(frame('self', 1))
  journal.add(frame('snapshot', 2))
  await journal.save()
  return { disk, journal, whole: disk.lines }
}

describe('The journal of a network', () => {
  for (const first of ['self', 'snapshot'] as const) {
    it(`holds every frame once and in order when the disk was full meanwhile, from a ${first} on`, async () => {
      const disk = new FullDisk()
      const journal = new Journal(NETWORK, disk, () => [frame('self', 1)])
      const frames = [
        frame('self', 1),
        ...(first === 'self' ? [] : [frame('snapshot', 2)]),
        frame('delta', 3),
      ]
      for (const each of frames) journal.add(each)
      disk.room = 1
      await assert.rejects(journal.save())
      journal.add(frame('delta', 4))
      disk.room = 1
      await assert.rejects(journal.save())
      disk.room = 10
      await journal.save()
      await journal.save()
      assert.deepEqual(disk.lines, [...frames, frame('delta', 4)].map(encodeFrame))
    })
  }

  it('goes on past no gap when more came than can wait, and is whole again by a snapshot only', async () => {
    const { disk, journal, whole } = await begun()
    disk.room = 0
    for (let revision = 3; revision < 3 + TOO_MANY; revision++) journal.add(frame('delta', revision))
    await journal.save()
    disk.room = 10_000
    journal.add(frame('delta', 9_000))
    await journal.save()
    assert.deepEqual(disk.lines, whole, 'what is kept is older, and whole')
    assert.ok(!journal.isWhole && journal.wantsSnapshot)
    disk.room = 0
    journal.add(frame('snapshot', 9_001))
    assert.ok(!journal.wantsSnapshot, 'one waits already')
    journal.add(frame('delta', 9_002))
    await assert.rejects(journal.save())
    await journal.write().catch(() => undefined)
    assert.ok(!journal.isWhole)
    disk.room = 10
    await journal.write()
    assert.ok(journal.isWhole && !journal.wantsSnapshot)
    const last = [frame('self', 1), frame('snapshot', 9_001), frame('delta', 9_002)].map(encodeFrame)
    assert.deepEqual(disk.lines, last)
    journal.add(frame('delta', 9_003))
    await journal.save()
    assert.deepEqual(disk.lines, [...last, encodeFrame(frame('delta', 9_003))])
  })

  it('has room behind a gap for what follows a snapshot, whatever came before that', async () => {
    const { disk, journal } = await begun()
    for (let revision = 3; revision < 3 + TOO_MANY; revision++) journal.add(frame('delta', revision))
    for (let revision = 5_000; revision < 9_000; revision++) journal.add(frame('delta', revision))
    const last = [
      frame('snapshot', 9_000),
      ...Array.from({ length: 200 }, (_, at) => frame('delta', 9_001 + at)),
    ]
    for (const each of last) journal.add(each)
    await journal.save()
    assert.deepEqual(disk.lines, [frame('self', 1), ...last].map(encodeFrame))
    assert.ok(journal.isWhole)
  })

  for (const next of ['delta', 'snapshot'] as const) {
    it(`loses nothing unnoticed when too many come while a ${next} is being written`, async () => {
      const { disk, journal, whole } = await begun()
      disk.onWrite = () => {
        disk.onWrite = () => undefined
        for (let revision = 4; revision < 4 + TOO_MANY; revision++) journal.add(frame('delta', revision))
        journal.add(frame('snapshot', 9_000))
        journal.add(frame('delta', 9_001))
      }
      journal.add(frame(next, 3))
      await journal.save()
      const kept = next === 'delta' ? whole : [encodeFrame(frame('self', 1))]
      assert.deepEqual(disk.lines, [...kept, encodeFrame(frame(next, 3))])
      assert.ok(!journal.isWhole)
      await journal.save()
      const frames = [frame('self', 1), frame('snapshot', 9_000), frame('delta', 9_001)]
      assert.deepEqual(disk.lines, frames.map(encodeFrame))
      assert.ok(journal.isWhole)
    })
  }

  it('asks for no snapshot more while one waits for a full disk', async () => {
    const { disk, journal } = await begun()
    for (let revision = 3; revision < 600; revision++) journal.add(frame('delta', revision))
    await journal.save()
    assert.ok(journal.wantsSnapshot)
    disk.room = 0
    journal.add(frame('snapshot', 600))
    await assert.rejects(journal.save())
    assert.ok(!journal.wantsSnapshot)
  })
})
