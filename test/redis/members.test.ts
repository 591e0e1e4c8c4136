import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FORGET_AFTER, Members } from '../../src/log/redis/members.ts'

const [S, T, U] = ['10.0.0.9:1', '10.0.0.9:2', '10.0.0.9:3'] as const
const voices = (...names: readonly string[]) => names.map((name) => ({ name, id: name }))
const ALL = { heard: voices(S, T, U), unheard: [], voices: 3 }
const FEW = { heard: voices(S), unheard: [T, U], voices: 3 }

describe('The replicas that may be promoted', () => {
  let time = 0
  const members = () => new Members({ now: () => time })
  const place = (primary: number, promotable: readonly string[], more = {}) => ({
    primary: { host: '10.0.0.1', port: primary },
    promotable,
    bystanders: [],
    nodes: [],
    ...ALL,
    ...more,
  })
  const [A, B, C] = ['10.0.0.1:1', '10.0.0.1:2', '10.0.0.1:3'] as const

  it('are forgotten once all agree for a while, and not while they follow', () => {
    const known = members()
    known.hear(place(1, [B, C]))
    known.hear(place(1, []))
    time += FORGET_AFTER - 1
    known.hear(place(1, []))
    known.see([C])
    assert.deepEqual(known.all, [B, C])
    time += 1
    known.hear(place(1, []))
    assert.deepEqual(known.all, [C])
    time += FORGET_AFTER - 1
    known.see([C])
    known.hear(place(1, []))
    assert.deepEqual(known.all, [C])
  })

  it('are not forgotten because of a silence, or of a few that say so', () => {
    const known = members()
    known.hear(place(1, [B]))
    for (let look = 0; look < 4; look++) {
      known.hear(place(1, [], FEW))
      time += FORGET_AFTER
    }
    assert.deepEqual(known.all, [B])
    known.hear(place(1, []))
    assert.deepEqual(known.all, [B], 'it is the first time that enough say so')
    known.hear(place(1, [B]))
    time += FORGET_AFTER
    known.hear(place(1, []))
    assert.deepEqual(known.all, [B], 'it was spoken of since')
  })

  it('are not known before a majority was heard once, be it one after the other', () => {
    const known = members()
    known.hear(place(1, [B], FEW))
    assert.deepEqual(known.awaited, [T, U])
    known.hear(place(1, [C], { ...FEW, heard: voices(U), unheard: [S, T] }))
    assert.deepEqual([known.awaited, known.all], [[], [B, C]])
    known.hear(place(1, [C], FEW))
    assert.deepEqual(known.awaited, [], 'a silence later takes nothing back')
    known.hear(place(9, ['10.0.0.1:8'], FEW))
    assert.deepEqual(known.awaited, [T, U], 'other servers have other replicas')
  })

  it('are not known after a promotion before a majority was heard about it', () => {
    const known = members()
    known.hear(place(1, [B, C]))
    known.hear(place(2, [A, C], FEW))
    assert.deepEqual(known.awaited, [T, U], 'another may have come while nobody looked')
    known.hear(place(2, [A, C], { ...FEW, heard: voices(T), unheard: [S, U] }))
    assert.deepEqual(known.awaited, [])
  })

  it('are not known while no more than half of those who decide it can be asked, until more were heard once', () => {
    const known = members()
    known.hear(place(1, [B], { heard: voices(S), unheard: [], voices: 3 }))
    assert.deepEqual(known.fewNamed, { named: 1, all: 3 })
    time += FORGET_AFTER
    known.hear(place(1, [], { heard: voices(S), unheard: [], voices: 3 }))
    time += FORGET_AFTER
    known.hear(place(1, [], { heard: voices(S), unheard: [], voices: 3 }))
    assert.deepEqual(known.all, [B], 'nobody is forgotten either')
    known.hear(place(1, [B], { heard: voices(S, T), unheard: [], voices: 3 }))
    assert.equal(known.fewNamed, undefined)
    known.hear(place(1, [B], { heard: voices(S), unheard: [T], voices: 5 }))
    assert.deepEqual([known.fewNamed, known.awaited], [undefined, []], 'one more, later, takes nothing back')
  })

  it('are not known by one voice, be it heard under one name after the other', () => {
    const known = members()
    known.hear(place(1, [B], FEW))
    known.hear(place(1, [B], { ...FEW, heard: [{ name: 'sentinel:1', id: S }] }))
    assert.deepEqual(known.awaited, [T, U])
    // Behind one name may stand several, of which now this one answers and now that.
    known.hear(place(1, [B], { ...FEW, heard: [{ name: 'sentinel:1', id: T }], unheard: [U] }))
    assert.deepEqual(known.awaited, [])
  })

  it('are the primary of before too, until a majority has forgotten it, but in a Cluster', () => {
    const known = members()
    const cluster = new Members({ isOldOneElected: false, now: () => time })
    for (const one of [known, cluster]) {
      one.hear(place(1, [B, C]))
      one.hear(place(2, [C], FEW))
    }
    assert.deepEqual([known.all, cluster.all], [[A, C], [C]])
    time += FORGET_AFTER
    known.hear(place(2, [C], FEW))
    assert.deepEqual(known.all, [A, C], 'few have forgotten it')
    known.hear(place(2, [C]))
    time += FORGET_AFTER
    known.hear(place(2, [C]))
    assert.deepEqual(known.all, [C])
  })

  it('are the others after one of them was promoted, and not those of other servers', () => {
    const known = members()
    known.hear(place(1, [B, C]))
    known.hear(place(2, [A]))
    assert.deepEqual(known.all, [A, C])
    known.see([B])
    assert.deepEqual(known.all, [A, C], 'the primary does not follow itself')
    known.hear(place(9, ['10.0.0.1:8']))
    assert.deepEqual(known.all, ['10.0.0.1:8'])
  })

  it('may come from any node of a Cluster that has not said no, and a silence is no word', () => {
    const known = members()
    const said = (...words: readonly (boolean | undefined)[]) =>
      known.hear(
        place(1, [B], { nodes: words.map((isRoaming, at) => ({ id: `${at}`, name: `n:${at}`, isRoaming })) }),
      )
    said(false, true, undefined)
    assert.deepEqual([known.roaming, known.unsettled], [['n:1'], ['n:2']])
    said(undefined, undefined, false)
    assert.deepEqual([known.roaming, known.unsettled], [['n:1'], []])
    said(false)
    assert.deepEqual([known.roaming, known.unsettled], [[], []], 'it does not run any more')
    said(false, undefined)
    assert.deepEqual(known.roaming, ['n:1'], 'it is back')
    said(false, false)
    assert.deepEqual([known.roaming, known.unsettled], [[], []])
  })

  it('stay where nobody decides it, until they say themselves that they never are', () => {
    const known = members()
    const alone = place(1, [], { heard: voices(A), voices: 1 })
    known.hear(alone)
    known.see([B, C])
    known.keep(B, undefined)
    for (const _ of [1, 2]) {
      known.hear(alone)
      time += FORGET_AFTER
    }
    known.hear(alone)
    assert.deepEqual(known.all, [B], 'the other one was never heard')
    assert.equal(known.isUnasked(B), true)
    known.dismiss(B)
    assert.deepEqual(known.all, [])
  })

  it('are known by their run ids where nobody decides it, and by no address, be it that of the primary', () => {
    const known = members()
    known.hear(place(1, [], { heard: voices(A), voices: 1 }))
    known.keep(A, undefined)
    known.keep(B, 'run-b')
    known.keep(B, undefined)
    known.keep(C, 'run-c')
    assert.deepEqual([known.all, known.isUnasked(A), known.isUnasked(B)], [[A, B, C], true, false])
    known.dismissProcess('run-b')
    assert.deepEqual(known.all, [A, C])
  })

  it('are others than those of which it was said a moment ago that they never are', () => {
    const known = members()
    known.hear(place(1, [B], { bystanders: [C] }))
    assert.deepEqual([known.isBystander(B), known.isBystander(C)], [false, true])
    time += 10_000
    assert.equal(known.isBystander(C), false)
  })
})
