import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { apply } from '../../src/model/apply.ts'
import { decodeState, encodeState } from '../../src/model/codec.ts'
import type { Event } from '../../src/model/event.ts'
import { emptyState, type Network, type State } from '../../src/model/state.ts'
import { history, verifyKey } from './history.ts'

const text = (state: State) => [...encodeState(state, 'all')].join('')
const certain = (state: State) => [...encodeState(state)].join('')
const plain = (state: State): unknown => JSON.parse(JSON.stringify(state))

const FORMAT_1 = readFileSync(new URL('format-1.jsonl', import.meta.url), 'utf8')

const AUTHORITY: Event = {
  type: 'controller-initialised',
  epoch: 3,
  publicKey: verifyKey(1),
  wrappedSeed: 'c2VlZA==',
  certificate: '-----BEGIN CERTIFICATE-----',
  wrappedCertificateKey: 'a2V5',
}

const states = history.map(
  (steps): State => ({
    ...[AUTHORITY, ...steps.flat()].reduce(apply, emptyState),
    sequence: steps.length + 1,
  }),
)

describe('a state, encoded and decoded', () => {
  it('is the same, and so is what any further events make of it', () => {
    fc.assert(
      fc.property(history, fc.double({ min: 0, max: 1, noNaN: true }), (steps, share) => {
        const events = [AUTHORITY, ...steps.flat()]
        const at = Math.floor(share * events.length)
        const before = events.slice(0, at).reduce(apply, emptyState)
        const decoded = decodeState(text(before))
        assert.deepEqual(plain(decoded), plain(before))
        assert.ok(Object.keys(emptyState).every((key) => key in decoded))
        const [one, other] = [before, decoded].map((state) => events.slice(at).reduce(apply, state))
        assert.ok(one && other)
        assert.equal(text(other), text(one))
      }),
      { numRuns: 200 },
    )
  })

  it('has the same lines whatever its past: states that are equal give equal bytes', () => {
    fc.assert(
      fc.property(states, (state) => {
        const shuffled = {
          ...state,
          nodes: state.nodes.sortBy((_, key) => [...key].reverse().join('')).toMap(),
        }
        assert.equal(text(shuffled), text(state))
        assert.equal(text(decodeState(text(state))), text(state))
      }),
      { numRuns: 100 },
    )
  })

  it('is the same but for when members left, where it began with what an earlier release kept', () => {
    fc.assert(
      fc.property(history, fc.double({ min: 0, max: 1, noNaN: true }), (steps, share) => {
        const events = [AUTHORITY, ...steps.flat()]
        const at = Math.floor(share * events.length)
        const before = events.slice(0, at).reduce(apply, emptyState)
        const older = decodeState(certain(before))
        assert.ok([...older.networks.values()].every(({ slots }) => slots.leftAt.isEmpty()))
        const [one, other] = [before, older].map((state) => events.slice(at).reduce(apply, state))
        assert.ok(one && other)
        assert.equal(certain(other), certain(one))
      }),
      { numRuns: 100 },
    )
  })

  it('says when members left in a part that an earlier release, which does not know it, passes over', () => {
    const left = fc.sample(states, { seed: 1, numRuns: 100 }).find(({ networks }) => networks.some(hasLeft))
    const lines = text(left ?? assert.fail()).split('\n')
    const parts = lines.filter((line) => line.includes('"leftAt"'))
    assert.ok(parts.length > 0)
    const without = lines.map((line) => line.replaceAll(/,\["leftAt",\[(\["[^\]]*\],?)*\]\]/g, ''))
    assert.equal(without.join('\n'), certain(left ?? assert.fail()))
  })

  it('comes in lines that are bounded, also when a map is large', () => {
    const removedNodes = emptyState.removedNodes.withMutations((nodes) => {
      for (let number = 0; number < 10_000; number++) nodes.set(`node-${number}` as never, true)
    })
    const lines = [...encodeState({ ...emptyState, removedNodes })]
    assert.ok(lines.length > 20 && lines.every((line) => line.length < 20_000))
    assert.equal(decodeState(lines.join('')).removedNodes.size, 10_000)
  })

  it('comes in lines that are bounded, also when one thing has a large map', () => {
    const state = decodeState(FORMAT_1)
    const [id, network] = [...state.networks][0] ?? assert.fail()
    const [, member] = [...network.members][0] ?? assert.fail()
    const members = network.members.withMutations((all) => {
      for (let number = 0; number < 10_000; number++) {
        const node = `node-${number}` as typeof member.node
        all.set(node, { ...member, node })
      }
    })
    const large = { ...state, networks: state.networks.set(id, { ...network, members }) }
    const lines = [...encodeState(large)]
    assert.ok(lines.length > 20 && lines.every((line) => line.length < 20_000))
    assert.deepEqual(plain(decodeState(lines.join(''))), plain(large))
  })

  it('is read from format 1 too', () => {
    const state = decodeState(FORMAT_1)
    assert.deepEqual(plain(decodeState(text(state))), plain(state))
    assert.match(text(state), /^{"format":2}\n/)
    const networks = [...state.networks.values()]
    const sizes = networks.map(({ members, slots, grants }) => [
      members.size,
      slots.tombstones.size,
      grants.size,
    ])
    assert.deepEqual(sizes, [
      [2, 1, 2],
      [1, 1, 3],
    ])
    assert.deepEqual([state.epoch, state.nodes.size, state.memberKeys.size], [2, 4, 3])
  })
})

function hasLeft({ slots }: Network): boolean {
  return !slots.leftAt.isEmpty()
}

describe('what is not an encoded state', () => {
  it('is refused: cut short or altered, of another format, with a part of a later version', () => {
    const whole = text(emptyState)
    for (const bad of [
      '',
      '\n',
      '{}\n',
      'null\n',
      '[1]\n',
      whole.slice(0, -9),
      `${whole}[1,2]\n`,
      `${whole}["nodes",7]\n`,
    ])
      assert.throws(() => decodeState(bad), { code: 'log-damaged' }, bad)
    assert.throws(() => decodeState(whole.replace('"format":2', '"format":3')), { code: 'unsupported' })
    assert.throws(() => decodeState(`${whole}["later",1]\n`), {
      code: 'unsupported',
      message: /called later/,
    })
  })

  it('lacks no field: one that was unknown when it was written is as at the beginning', () => {
    const older = text(emptyState).replace(/\["epoch".*\n/, '')
    assert.notEqual(older, text(emptyState))
    assert.deepEqual(plain(decodeState(older)), plain(emptyState))
  })
})
