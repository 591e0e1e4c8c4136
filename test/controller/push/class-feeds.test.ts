import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Rule } from '../../../src/model/policy.ts'
import { nodeId } from '../../model/history.ts'
import { labelled, permitted } from '../../topology/policy/play.ts'
import { FeedWorld } from './feed-world.ts'
import type { Reader } from './reader.ts'

const A_A: Rule = { from: 'c=a', to: 'c=a' }
const D_X: Rule = { from: 'd=a', to: 'x=1' }
const E_Y: Rule = { from: 'e=a', to: 'y=1' }
const [X, Y] = [101, 102]

describe('The feed of a class', () => {
  it('goes on over several policies from the one that its members were told of, and tells what they changed', () => {
    const world = new FeedWorld()
    const readers = gather(world, 40)
    for (const rules of [
      [A_A, D_X],
      [A_A, D_X, E_Y],
    ])
      world.wish(permitted(...rules))
    const before = { ...world.counts }
    for (const [number, reader] of readers) reader.read(world.feed(nodeId(number)))
    for (const reader of readers.values()) assert.deepEqual(reader.types, ['snapshot', 'delta'])
    assert.equal(world.counts.encodings - before.encodings, 1)
    assert.deepEqual(readers.get(1)?.picture, world.picture(nodeId(1)))
  })
})

/** So many members with all labels that there are, two that they may come to see, and what each reads. */
function gather(world: FeedWorld, size: number): Map<number, Reader> {
  const numbers = Array.from({ length: size }, (_, at) => at + 1)
  world.come(...numbers, X, Y)
  world.wish(permitted(A_A))
  world.wish(...numbers.map((number) => labelled(number, { c: 'a', d: 'a', e: 'a' })))
  world.wish(labelled(X, { x: '1' }), labelled(Y, { y: '1' }))
  const readers = new Map(numbers.map((number) => [number, world.newReader()]))
  for (const [number, reader] of readers) reader.read(world.feed(nodeId(number)))
  return readers
}
