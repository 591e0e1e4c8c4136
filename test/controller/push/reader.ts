import assert from 'node:assert/strict'
import type { Claim, Cursor } from '../../../src/controller/push/cursor.ts'
import type { Feed } from '../../../src/controller/push/feed.ts'
import type { NodeId } from '../../../src/keys/identity.ts'
import type { VerifyKey } from '../../../src/keys/signature.ts'
import { fromBase64Url } from '../../../src/keys/text.ts'
import { type Head, openDelta, openHead } from '../../../src/protocol/content.ts'
import { changedFilter } from '../../../src/protocol/filter-part.ts'
import type { ControllerFrame, ControllerFrameOf } from '../../../src/protocol/frames.ts'
import { readControllerFrame } from '../../../src/protocol/packed.ts'
import { View } from '../../../src/protocol/view.ts'

/** A session and its agent: what it is sent has to be of use to it, each frame. */
export class Reader {
  /** Everybody whom it ever heard of, were it by a removal. */
  readonly heardOf = new Set<NodeId>()
  /** Types of the frames that it was sent. */
  readonly types: string[] = []
  bytes = 0
  /** How many times it was told how a filter changed, and not all of it. */
  parts = 0
  readonly #key: VerifyKey
  readonly #readsParts: boolean
  #cursor: Cursor | undefined
  #head: Head | undefined
  #view = new View()

  constructor(key: VerifyKey, readsParts: boolean) {
    this.#key = key
    this.#readsParts = readsParts
  }

  /** In a new session, from where it is. */
  resume(feed: Feed): void {
    this.#cursor = this.#head && feed.resume(this.#head)
    this.read(feed)
  }

  /** In the session that it has, whatever feed that was told of before. */
  read(feed: Feed): void {
    const { frames, cursor } = feed.follow(feed.adopt(this.#cursor))
    this.#cursor = cursor
    for (const message of frames) {
      const { bytes } = message.for(true, this.#readsParts)
      this.bytes += bytes.length
      this.#take(readControllerFrame(bytes))
    }
  }

  get claim(): Claim | undefined {
    return this.#head
  }

  get picture() {
    const records = this.#view.encodedRecords().map((record) => Buffer.from(record).toString('hex'))
    const filter = Buffer.from(this.#view.encodedFilter).toString('hex')
    return { digest: this.#view.digest(), filter, records: records.sort() }
  }

  #take(frame: ControllerFrame): void {
    this.types.push(frame.type)
    if (frame.type === 'snapshot') {
      const records = frame.records.map((record) => fromBase64Url(record) ?? new Uint8Array())
      this.#view = View.of(records, fromBase64Url(frame.filter ?? ''))
      this.#put(openHead(frame, this.#key))
    } else if (frame.type === 'delta') {
      const { head, from, upserts, removals, filter } = openDelta(frame, this.#key)
      assert.equal(from, this.#head?.revision, 'a delta begins where the agent is')
      assert.ok(head.revision > from, `a delta leads on, and not from ${from} to ${head.revision}`)
      this.#view.changeTo(head.digest, upserts, removals, filter ?? this.#filterBy(frame))
      for (const node of removals) this.heardOf.add(node)
      this.#put(head)
    } else if (frame.type === 'current') this.#put(openHead(frame, this.#key))
    else assert.equal(frame.type, 'hints')
  }

  #filterBy({ filterPart }: ControllerFrameOf<'delta'>): Uint8Array | undefined {
    if (filterPart === undefined) return undefined
    assert.ok(this.#readsParts && this.#view.filter)
    this.parts += 1
    return changedFilter(this.#view.filter, fromBase64Url(filterPart) ?? assert.fail())
  }

  #put(head: Head): void {
    const { epoch, revision } = this.#head ?? head
    assert.ok(head.epoch > epoch || (head.epoch === epoch && head.revision >= revision), 'nothing is older')
    assert.equal(head.digest, this.#view.digest())
    this.#head = head
    for (const node of this.#view.nodes()) this.heardOf.add(node)
  }
}
