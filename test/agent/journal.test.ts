import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
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

  async append(_: NetworkId, line: string): Promise<void> {
    this.#take(1)
    this.lines = [...this.lines, line]
  }

  async rewrite(_: NetworkId, lines: readonly string[]): Promise<void> {
    this.#take(lines.length)
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
})
