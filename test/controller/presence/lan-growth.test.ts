import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Address } from '../../../src/address/cidr.ts'
import { LanNetwork } from '../../../src/controller/presence/lan-network.ts'
import {
  claimedLan,
  knownLan,
  type LanStep,
  type LanTold,
  unknownLan,
} from '../../../src/controller/presence/lan-told.ts'
import type { NodeId } from '../../../src/keys/identity.ts'
import { DEFAULT_PROJECT } from '../../../src/model/names.ts'
import type { LanHint } from '../../../src/protocol/frames.ts'
import { HintSet } from '../../../src/protocol/hints.ts'
import { lanDigest } from '../../../src/protocol/lans.ts'
import { readControllerFrame } from '../../../src/protocol/packed.ts'
import type { LanPlace } from '../../../src/topology/lan.ts'
import { type Class, NOBODY, Regime } from '../../../src/topology/policy/regime.ts'
import type { Endpoint } from '../../../src/wireguard/device.ts'
import { networkId, nodeId } from '../../model/history.ts'

/** So many touches are told one by one at most. */
const MOST_TOUCHES = 8_192

describe('What it costs to tell who is on a LAN', () => {
  it('goes by who is on it, however many others there are, come and are told by another policy', () => {
    const costs = [50, 100].map((lans) => {
      const town = new Town()
      for (let at = 0; at < lans; at++) for (const door of [1, 2, 3]) town.come(at, door)
      const toCome = town.asked
      town.renew()
      const steps = town.tellAll()
      assert.deepEqual(
        steps.filter(({ message }) => message),
        [],
      )
      return { toCome: toCome / lans, toHear: (town.asked - toCome) / lans }
    })
    assert.deepEqual(costs[0], costs[1])
  })

  it('is nothing for what happens elsewhere, and the same after one neighbour moved a thousand times as after once', () => {
    const town = new Town()
    for (const lan of [1, 2]) for (const door of [1, 2]) town.come(lan, door)
    town.tellAll()
    const cost = (moves: number, lan: number) => {
      for (let at = 0; at < moves; at++) town.move(lan, 2, 3 + (at % 2))
      town.move(lan, 2, 5)
      const before = town.asked
      const { message } = town.tell(1, 1)
      town.move(lan, 2, 2)
      town.tellAll()
      return { asked: town.asked - before, isTold: message !== undefined }
    }
    assert.deepEqual(cost(999, 2), cost(0, 2))
    assert.equal(cost(0, 2).isTold, false)
    assert.deepEqual(cost(999, 1), cost(0, 1))
    assert.equal(cost(0, 1).isTold, true)
  })

  it('is one look at the LAN for all there who say what they have, and no frame when they were told that last', () => {
    const town = new Town()
    for (let door = 1; door <= 30; door++) town.come(1, door)
    for (let door = 1; door <= 30; door++) {
      town.move(2, 1, door)
      town.tell(1, door)
    }
    town.move(2, 1, 99)
    const digests = Array.from({ length: 30 }, (_, at) => town.digest(1, at + 1))
    const before = town.asked
    for (const [at, digest] of digests.entries()) assert.equal(town.claim(1, at + 1, digest), undefined)
    // The sum of all is known since the digests; each leaves out what it adds itself.
    assert.equal(town.asked - before, 30)
    assert.ok(town.claim(1, 2, digests[0]), 'what another has is not what it was told')
  })

  it('is all of it for who was away longer than is remembered, and only what is new for who was not', () => {
    const town = new Town()
    for (const door of [1, 2, 3, 4]) town.come(1, door)
    town.tellAll()
    for (let at = 0; at < MOST_TOUCHES; at++) town.move(2, 1, 1 + (at % 2))
    town.tell(1, 2)
    town.move(1, 3, 9)
    const [away, present] = [1, 2].map((door) => frameOf(town.tell(1, door)))
    assert.deepEqual([away?.isPart, away?.named.length], [false, 4])
    assert.deepEqual([present?.isPart, present?.named.length], [true, 1])
  })
})

/** A network with a class for each LAN, whose members see each other and nobody else. */
class Town {
  /** How often it was asked who sees whom: once for each look at a pair. */
  asked = 0
  readonly #places = new Map<NodeId, readonly LanPlace[]>()
  readonly #classes = new Map<NodeId, Class>()
  readonly #told = new Map<NodeId, LanTold>()
  readonly #network = new LanNetwork([], this.#regime(), {
    id: networkId(0),
    placesOf: (node) => this.#places.get(node) ?? [],
    classOf: (node) => this.#classes.get(node),
    own: () => undefined,
    count: () => undefined,
  })

  /** One more, which is told all; those who are there already are told of it. */
  come(lan: number, door: number): void {
    this.#classes.set(nodeOf(lan, door), { ...NOBODY, key: `${lan}` })
    for (const node of new Set([nodeOf(lan, door), ...this.move(lan, door, door)])) this.#tell(node)
  }

  /** Gives who has to be told. */
  move(lan: number, door: number, house: number): readonly NodeId[] {
    const node = nodeOf(lan, door)
    const address = `192.168.${lan}.${house}` as Address
    const endpoint = `${address}:51820` as Endpoint
    this.#places.set(node, [{ lan: `192.168.${lan}.0/24`, address, endpoint }])
    return this.#network.update(node, true)
  }

  /** Another policy, that changes nothing. */
  renew(): void {
    this.#network.renew(this.#regime())
  }

  tell(lan: number, door: number): LanStep {
    return this.#tell(nodeOf(lan, door))
  }

  tellAll(): LanStep[] {
    return Array.from(this.#classes.keys(), (node) => this.#tell(node))
  }

  /** It says what it has. Gives what that makes it be told. */
  claim(lan: number, door: number, digest: string | undefined) {
    const node = nodeOf(lan, door)
    this.#told.set(node, claimedLan(this.#told.get(node), digest))
    return this.#tell(node).message
  }

  /** Of all that there is for one to have. */
  digest(lan: number, door: number): string | undefined {
    const node = nodeOf(lan, door)
    const hints = new HintSet<LanHint>()
    for (const hint of frameOf(this.#network.follow(node, unknownLan(undefined))).named)
      if (hint.node !== node) hints.put(hint)
    return lanDigest({ size: hints.size, digest: () => hints.digest() }, undefined)
  }

  #tell(node: NodeId): LanStep {
    const step = this.#network.follow(node, this.#told.get(node) ?? knownLan(undefined))
    this.#told.set(node, step.told)
    return step
  }

  #regime(): Regime {
    const regime = new Regime({
      topology: 'mesh',
      policy: { default: 'deny', rules: [] },
      project: DEFAULT_PROJECT,
    })
    regime.sees = (a, b) => {
      this.asked += 1
      return a.key === b.key
    }
    return regime
  }
}

function nodeOf(lan: number, door: number): NodeId {
  return nodeId(lan * 100 + door)
}

function frameOf({ message }: LanStep) {
  const frame = message && readControllerFrame(message.for(true).bytes)
  assert.equal(frame?.type, 'lan')
  return { isPart: frame.part === true, named: frame.hints }
}
