import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Pathfinder, type Step } from '../../src/agent/pathfinder.ts'
import { toNodeId } from '../../src/keys/identity.ts'
import type { Candidate } from '../../src/topology/reach.ts'
import type { Endpoint } from '../../src/wireguard/device.ts'
import { nodeId } from '../protocol/samples.ts'
import {
  candidate,
  Desk,
  direct,
  lan,
  peer,
  punched,
  relay,
  relayed,
  spare,
  spareRelay,
  waiting,
} from './desk.ts'

const MINUTE = 60_000

describe('The first path', () => {
  it('is the best, and the others follow after the limit of each', () => {
    const desk = new Desk(lan, direct, punched, relayed)
    // What is first seen as sent 500 ms after the choice is waited for 1.5 s, 3 s, 3 s.
    assert.deepEqual(beginnings(desk, 20_000), [
      [0, 'lan'],
      [2_000, 'direct'],
      [5_500, 'relayed'],
      [9_000, 'punched'],
    ])
  })

  it('has its handshake before it is judged: WireGuard sends one every 5 s, wherever', () => {
    const desk = new Desk(lan, relayed)
    const sent: number[] = []
    const initiate = () => {
      // 5.3 s after the one before, whatever is tried by then; looks are 500 ms to 2 s apart.
      if (desk.now >= 5_300 * (desk.device.txBytes / 148)) desk.send(148)
    }
    desk.pass(60_000, initiate, ({ changed }) => {
      if (changed.size > 0) sent.push(desk.device.txBytes)
    })
    assert.ok(sent.length > 6)
    for (const [at, bytes] of sent.slice(1).entries()) assert.ok(bytes > (sent[at] ?? 0), `turn ${at}`)
  })

  it('is not knocked on by both ends at the same time, or their handshakes would undo each other', () => {
    const ends = [
      [nodeId(1), nodeId(2)],
      [nodeId(2), nodeId(1)],
    ] as const
    const firstKnocks = ends.map(([own, other]) => {
      const finder = new Pathfinder({ own, classify: () => ({ kind: 'direct', via: undefined }) })
      finder.offer(other, [direct])
      for (let now = 0; ; ) {
        const { knocks, next } = finder.look({ now, utc: now })
        if (knocks.length > 0) return now
        now += next
      }
    })
    assert.deepEqual(firstKnocks.toSorted(), [0, 700])
  })

  it('is knocked on at once and twice a second, and is confirmed by a handshake', () => {
    const desk = new Desk(direct, relayed)
    const first = desk.look(0)
    assert.deepEqual(first.changed.get(peer), { ...direct, confirmed: false })
    assert.deepEqual([first.knocks, first.next], [[peer], 500])
    assert.deepEqual(desk.look(250).knocks, [])
    assert.deepEqual(desk.look(250).knocks, [peer])
    desk.shake()
    const confirmed = desk.look(100)
    assert.deepEqual(confirmed.changed.get(peer), { ...direct, confirmed: true })
    assert.deepEqual([confirmed.knocks, confirmed.next], [[], 2_000])
  })

  it('counts as found only by what came after it was chosen', () => {
    const desk = Desk.on(relayed)
    desk.finder.setDeadRelays(new Set([relay]))
    desk.finder.offer(peer, [relayed, spare])
    // These came by the old path, between the look before and the change.
    desk.receive()
    desk.look(1_000)
    desk.look(1_000)
    assert.deepEqual([desk.choice?.via, desk.choice?.confirmed], [spareRelay, false])
    desk.receive()
    desk.look(1_000)
    assert.equal(desk.choice?.confirmed, true)
  })

  it('is not found by handshakes that come without end: they say that our answers are lost', () => {
    const desk = new Desk(direct, relayed)
    desk.pass(4_500, () => desk.receive(148))
    assert.equal(desk.choice?.confirmed, false)
  })

  it('is knocked on until there is a session where two handshakes crossed by other paths than ours, and given up at last', () => {
    for (const isMended of [true, false]) {
      const desk = new Desk(relayed, spare)
      desk.look(0)
      desk.look(500)
      // Each end has answered the handshake of the other, and neither can finish its own any more.
      desk.send(240)
      desk.receive(148, spare.endpoint)
      assert.deepEqual(desk.look(500).knocks, [peer])
      assert.equal(desk.choice?.via, spareRelay)
      let knocks = 0
      desk.pass(5_000, undefined, (step) => (knocks += step.knocks.length))
      assert.ok(knocks >= 9, `${knocks} knocks`)
      if (isMended) desk.shake()
      desk.look(0)
      let changes = 0
      desk.pass(MINUTE, undefined, (step) => (changes += step.knocks.length + step.changed.size))
      assert.equal(changes > 0, !isMended)
      assert.equal(desk.choice?.confirmed, isMended)
    }
  })

  it('is sought for ever when none answers, with growing waits between the rounds', () => {
    const desk = new Desk(direct, relayed)
    const starts: number[] = []
    desk.pass(20 * MINUTE, undefined, (step) => {
      desk.knock(step)
      if (step.changed.get(peer)?.kind === 'direct') starts.push(desk.now / 1_000)
    })
    const waits = starts.slice(1).map((start, at) => start - (starts[at] ?? 0))
    // Two paths of 3.5 s, later of 5 s, and the pause.
    assert.deepEqual(waits.slice(0, 7), [9, 14, 18, 25, 25, 25, 25])
    desk.shake()
    desk.pass(4_000)
    assert.equal(desk.choice?.confirmed, true)
  })

  it('is the one that a session lives on when we come, as after a restart', () => {
    const desk = new Desk(direct, relayed)
    desk.now = 1_000
    desk.shake(relayed.endpoint)
    desk.look(0)
    // It works; the better one gets its trial.
    assert.deepEqual(desk.choice, { ...direct, confirmed: false })
    desk.pass(3_100)
    assert.deepEqual(desk.choice, { ...relayed, confirmed: true })
  })

  it('is none where there is nothing to try, until there is', () => {
    const desk = new Desk()
    assert.deepEqual([...desk.look(0).changed], [])
    assert.equal(desk.choice?.kind, 'none')
    desk.finder.offer(peer, [direct])
    assert.deepEqual([...desk.look(0).changed.keys()], [peer])
  })
})

describe('A path that was found', () => {
  it('may be idle for hours', () => {
    const desk = Desk.on(direct, relayed)
    desk.pass(180 * MINUTE, undefined, ({ changed }) => assert.deepEqual([...changed], []))
    assert.deepEqual(desk.choice, { ...direct, confirmed: true })
  })

  it('is dead when nothing answers for 5.5 s what is sent, and a relay takes over', () => {
    const desk = Desk.on(direct, punched, relayed)
    const death = desk.now
    let left = 0
    desk.pass(
      10_000,
      () => desk.talk(relayed),
      ({ changed }) => {
        if (changed.get(peer)?.kind === 'relayed') left ||= desk.now - death
      },
    )
    assert.ok(left >= 5_500 && left <= 8_000, `after ${left} ms`)
  })

  it('is knocked on while in doubt, and no more once it answers', () => {
    const desk = Desk.on(direct, relayed)
    desk.send()
    assert.deepEqual(desk.look(2_000).knocks, [peer])
    assert.deepEqual(desk.look(500).knocks, [peer])
    desk.receive()
    assert.deepEqual(desk.look(500).knocks, [])
    desk.pass(MINUTE)
    assert.equal(desk.choice?.kind, 'direct')
  })

  it('is dead, too, when after its session all that comes are handshakes to which our answers are lost', () => {
    const desk = Desk.on(direct, relayed)
    desk.pass(4 * MINUTE)
    assert.equal(desk.choice?.kind, 'direct')
    desk.pass(8_000, () => {
      if (desk.choice?.kind !== 'direct') return
      desk.receive(148)
      desk.send(92)
    })
    assert.equal(desk.choice?.kind, 'relayed')
  })

  it('is kept however somebody sets the clock while packets flow, and found dead in spite of it', () => {
    for (const off of [-60 * MINUTE, 60 * MINUTE]) {
      const desk = Desk.on(direct, relayed)
      desk.pass(MINUTE, () => desk.talk(direct))
      desk.clockOff = off
      let changes = 0
      const count = ({ changed }: Step) => {
        changes += changed.size
      }
      desk.pass(10 * MINUTE, () => desk.talk(direct), count)
      assert.deepEqual([desk.choice?.kind, changes], ['direct', 0])
      desk.clockOff = 0
      desk.pass(8_000, () => desk.talk(relayed))
      assert.equal(desk.choice?.kind, 'relayed')
    }
  })

  it('is not dead because nobody looked', () => {
    const desk = Desk.on(direct, relayed)
    desk.send()
    for (let look = 1; look <= 4; look++) desk.look(MINUTE)
    assert.equal(desk.choice?.kind, 'direct')
    desk.look(MINUTE)
    assert.equal(desk.choice?.kind, 'relayed')
  })

  it('is left when the other end comes by another, and the better of the two rests', () => {
    const desk = Desk.on(direct, relayed)
    desk.receive(100, relayed.endpoint)
    desk.look(1_000)
    assert.deepEqual(desk.choice, { ...relayed, confirmed: true })
    desk.pass(4_500, () => desk.talk(relayed))
    assert.equal(desk.choice?.kind, 'relayed')
    desk.pass(600, () => desk.talk(relayed))
    assert.deepEqual(desk.choice, { ...direct, confirmed: false })
  })

  it('goes along to an endpoint that nobody knew', () => {
    const moved = '203.0.113.9:9' as Endpoint
    const desk = Desk.on(direct, relayed)
    desk.receive(100, moved)
    desk.look(1_000)
    assert.deepEqual(desk.choice, { ...direct, endpoint: moved, confirmed: true })
    desk.finder.offer(peer, [{ ...direct, endpoint: moved, mtu: 1_400 }, relayed])
    assert.deepEqual(
      [...desk.look(1_000).changed.values()],
      [{ ...direct, endpoint: moved, mtu: 1_400, confirmed: true }],
    )
  })

  it('is left sooner when this machine has lost an address and nothing answers, and is kept when something does', () => {
    for (const [working, kind] of [
      [relayed, 'relayed'],
      [direct, 'direct'],
    ] as const) {
      const desk = Desk.on(direct, relayed)
      desk.pass(MINUTE)
      desk.finder.renew({ lost: true })
      assert.deepEqual(desk.look(0).knocks, [peer])
      desk.pass(2_600, () => desk.talk(working))
      assert.equal(desk.choice?.kind, kind)
    }
  })

  it('is not doubted because another address came up', () => {
    const desk = Desk.on(direct, relayed)
    desk.finder.renew({ lost: false })
    assert.deepEqual(desk.look(0).knocks, [peer])
    desk.pass(MINUTE)
    assert.equal(desk.choice?.kind, 'direct')
  })

  it('may be one where the other end has to come, and is never tried while another works', () => {
    const desk = new Desk(waiting, relayed)
    desk.look(0)
    assert.deepEqual(desk.choice, { ...waiting, confirmed: false })
    desk.pass(9_000)
    desk.shake()
    desk.look(0)
    const still = ({ changed }: Step) => assert.deepEqual([...changed], [])
    desk.pass(30 * MINUTE, () => desk.talk(relayed), still)
    assert.deepEqual(desk.choice, { ...relayed, confirmed: true })
    const from = '203.0.113.7:7' as Endpoint
    desk.receive(100, from)
    desk.look(1_000)
    assert.deepEqual(desk.choice, { ...waiting, endpoint: from, confirmed: true })
  })

  it('is not touched when other candidates come that are no better, nor when all go', () => {
    const desk = Desk.on(direct, relayed)
    const alike = candidate('direct', '[2001:db8::2]:2')
    for (const candidates of [[direct, relayed, spare], [alike, spare, direct], [direct], []]) {
      desk.finder.offer(peer, candidates)
      desk.pass(MINUTE, undefined, ({ changed }) => assert.deepEqual([...changed], []))
    }
    assert.deepEqual(desk.choice, { ...direct, confirmed: true })
  })

  it('yields when it is no candidate any more, but only to one that works', () => {
    const desk = Desk.on(direct, relayed)
    desk.finder.offer(peer, [relayed])
    desk.look(1_000)
    assert.deepEqual(desk.choice, { ...relayed, confirmed: false })
    desk.pass(1_500, () => desk.talk(direct))
    assert.deepEqual(desk.choice, { ...direct, confirmed: true })
  })
})

describe('A better path', () => {
  it('is tried when it appears, and left a second after something was sent on it, for the one that works', () => {
    const desk = Desk.on(relayed)
    desk.finder.offer(peer, [direct, relayed])
    const start = desk.look(1_000)
    assert.deepEqual([...start.changed.values()], [{ ...direct, confirmed: false }])
    assert.deepEqual(start.knocks, [peer])
    desk.look(500)
    desk.send()
    desk.look(500)
    assert.deepEqual([...desk.look(500).changed.values()], [])
    const end = desk.look(500)
    assert.deepEqual([...end.changed.values()], [{ ...relayed, confirmed: true }])
    assert.deepEqual(end.knocks, [peer])
  })

  it('is kept when it answers', () => {
    const desk = Desk.on(relayed)
    desk.finder.offer(peer, [lan, relayed])
    desk.pass(3_500, () => desk.talk(lan, relayed))
    assert.deepEqual(desk.choice, { ...lan, confirmed: true })
  })

  it('is not ended by packets that still come by the old one', () => {
    const desk = Desk.on(relayed)
    desk.finder.offer(peer, [direct, relayed])
    desk.look(1_000)
    desk.receive(100, relayed.endpoint)
    desk.look(1_000)
    desk.receive(100, direct.endpoint)
    desk.look(500)
    desk.receive(100, direct.endpoint)
    desk.look(500)
    assert.deepEqual(desk.choice, { ...direct, confirmed: true })
  })

  it('is tried for no more than 2.5 s when nothing can be sent on it', () => {
    const desk = Desk.on(relayed)
    desk.finder.offer(peer, [direct, relayed])
    desk.look(1_000)
    desk.pass(2_600)
    assert.deepEqual(desk.choice, { ...relayed, confirmed: true })
  })

  it('that failed is tried again after 5 s, and three times as long each time, up to 10 min', () => {
    const rests = restsOf(trials(direct, 60 * MINUTE))
    assert.deepEqual(rests.slice(0, 7), [5, 15, 45, 135, 405, 600, 600])
  })

  it('that is punched is tried again at the same instants by both ends, however often it failed at each', () => {
    const steps = trials(punched, 90 * MINUTE).slice(5)
    const grid = new Set(steps.map((start) => Math.round(start) % 600))
    assert.equal(grid.size, 1)
    assert.ok(steps.length > 5)
  })

  it('that has not failed yet has its trial before those that have', () => {
    const desk = Desk.on(relayed)
    desk.finder.offer(peer, [lan, direct, punched, relayed])
    const tried: string[] = []
    const talk = () => desk.talk(relayed)
    desk.pass(20_000, talk, ({ changed }) => {
      const choice = changed.get(peer)
      if (choice?.confirmed === false) tried.push(choice.kind)
    })
    assert.deepEqual(tried.slice(0, 3), ['lan', 'direct', 'punched'])
  })

  it('waits 5 s behind another, so that the link can breathe', () => {
    const desk = Desk.on(relayed)
    desk.finder.offer(peer, [lan, direct, relayed])
    const starts = new Map<string | undefined, number>()
    const talk = () => desk.talk(relayed)
    desk.pass(6_800, talk, ({ changed }) => {
      const choice = changed.get(peer)
      if (choice && !choice.confirmed) starts.set(choice.kind, desk.now)
    })
    // The trial takes 1.5 s.
    assert.equal((starts.get('direct') ?? 0) - (starts.get('lan') ?? 0), 6_500)
  })

  it('is tried at once when own facts change, three times in a row and then as if they had not', () => {
    const desk = Desk.on(relayed)
    desk.finder.offer(peer, [direct, relayed])
    desk.pass(30_000, () => desk.talk(relayed))
    const tried = [1, 2, 3, 4].map(() => {
      desk.finder.renew({ lost: false })
      desk.look(0)
      const isTried = desk.choice?.kind === 'direct'
      desk.pass(30_000, () => desk.talk(relayed))
      return isTried
    })
    assert.deepEqual(tried, [true, true, true, false])
  })

  it('rests like those before it when ever new ones come and fail', () => {
    const desk = Desk.on(relayed)
    let count = 0
    for (let port = 1; port <= 180; port++) {
      desk.finder.offer(peer, [candidate('punched', `198.51.100.2:${port}`), relayed])
      const talk = () => desk.talk(relayed)
      desk.pass(20_000, talk, ({ changed }) => {
        if (changed.get(peer)?.confirmed === false) count += 1
      })
    }
    assert.ok(count <= 25, `${count} trials in an hour`)
  })

  it('is forgiven when it worked for 10 min', () => {
    const desk = Desk.on(relayed)
    desk.finder.offer(peer, [direct, relayed])
    desk.pass(MINUTE, () => desk.talk(relayed))
    desk.pass(15 * MINUTE, () => desk.talk(relayed, direct))
    assert.equal(desk.choice?.kind, 'direct')
    desk.pass(9_000, () => desk.talk(relayed))
    assert.equal(desk.choice?.kind, 'relayed')
    desk.pass(10_000, () => desk.talk(relayed, direct))
    assert.equal(desk.choice?.kind, 'direct')
  })
})

describe('Relays', () => {
  it('that die are left by all in the same step, and passed over by those that search', () => {
    const finder = new Pathfinder({ own: nodeId(1), classify: () => ({ kind: 'direct', via: undefined }) })
    const peers = Array.from({ length: 100 }, (_, at) => nodeId(at + 2))
    for (const node of peers) finder.offer(node, [relayed, spare])
    finder.look({ now: 0, utc: 0 })
    finder.setDeadRelays(new Set([relay]))
    const { changed, knocks } = finder.look({ now: 10, utc: 10 })
    assert.deepEqual([...changed.keys()], peers)
    const later = finder.look({ now: 800, utc: 800 }).knocks
    assert.deepEqual([...new Set([...knocks, ...later])].toSorted(), peers.toSorted())
    assert.ok([...changed.values()].every(({ via }) => via === spareRelay))
  })

  it('that come back are not returned to while another works', () => {
    const desk = Desk.on(relayed, spare)
    desk.finder.setDeadRelays(new Set([relay]))
    desk.look(1_000)
    desk.shake()
    desk.look(1_000)
    desk.finder.setDeadRelays(new Set())
    desk.pass(30 * MINUTE, () => desk.talk(relayed, spare))
    assert.deepEqual(desk.choice, { ...spare, confirmed: true })
  })

  it('that all die leave nothing, and the first to come back is taken', () => {
    const desk = Desk.on(relayed)
    desk.finder.setDeadRelays(new Set([relay]))
    desk.look(1_000)
    assert.equal(desk.choice?.kind, 'none')
    desk.finder.setDeadRelays(new Set())
    desk.look(1_000)
    assert.equal(desk.choice?.via, relay)
  })

  it('that die under a trial are not gone back to', () => {
    const desk = Desk.on(relayed)
    desk.finder.offer(peer, [direct, relayed, spare])
    desk.look(1_000)
    desk.finder.setDeadRelays(new Set([relay]))
    desk.look(500)
    assert.equal(desk.choice?.via, spareRelay)
  })
})

describe('A network of 10,000 peers', () => {
  const finder = new Pathfinder({ own: nodeId(1), classify: () => ({ kind: 'direct', via: undefined }) })
  const peers = Array.from({ length: 10_000 }, (_, at) => nodeOfNumber(at))
  const sightings = peers.map((node) => {
    const endpoint = relayed.endpoint
    return [node, { endpoint, latestHandshake: 1, rxBytes: 1, txBytes: 1 }] as const
  })
  for (const node of peers) finder.offer(node, [relayed, spare])
  finder.look({ now: 0, utc: 1_000 }, sightings)

  it('costs next to nothing while nothing happens', () => {
    const before = performance.now()
    for (let look = 1; look <= 20; look++) {
      const step = finder.look({ now: look * 2_000, utc: 1_000 + look * 2_000 }, sightings)
      assert.deepEqual([step.changed.size, step.knocks.length, step.next], [0, 0, 2_000])
    }
    assert.ok((performance.now() - before) / 20 < 50)
  })

  it('says of a step only what it changes', () => {
    const [first] = peers
    assert.ok(first)
    finder.offer(first, [direct, relayed, spare])
    assert.deepEqual([...finder.look({ now: 50_000, utc: 51_000 }).changed.keys()], [first])
    finder.forget(first)
    assert.equal(finder.choice(first), undefined)
    assert.equal(finder.look({ now: 60_000, utc: 61_000 }).changed.size, 0)
  })
})

/** When each kind is begun with, and which, while nothing answers what the knocks make the device send. */
function beginnings(desk: Desk, length: number): [number, string][] {
  const starts: [number, string][] = []
  desk.pass(length, undefined, (step) => {
    desk.knock(step)
    const kind = step.changed.get(peer)?.kind
    if (kind) starts.push([desk.now, kind])
  })
  return starts.slice(0, 4)
}

/** Seconds at which a better path that never answers is tried. */
function trials(better: Candidate, length: number): number[] {
  const desk = Desk.on(relayed)
  desk.finder.offer(peer, [better, relayed])
  const starts: number[] = []
  const talk = () => desk.talk(relayed)
  desk.pass(length, talk, ({ changed }) => {
    if (changed.get(peer)?.confirmed === false) starts.push(desk.now / 1_000)
  })
  return starts
}

/** Seconds between the end of each trial and the start of the next. */
function restsOf(starts: readonly number[]): number[] {
  return starts.slice(1).map((start, at) => Math.round(start - (starts[at] ?? 0) - 1.5))
}

function nodeOfNumber(number: number) {
  const bytes = new Uint8Array(16)
  new DataView(bytes.buffer).setUint32(0, number + 7)
  return toNodeId(bytes)
}
