import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { parseAddress } from '../../../src/address/cidr.ts'
import { toNodeReport } from '../../../src/controller/presence/facts.ts'
import { Presence } from '../../../src/controller/presence/presence.ts'
import { Feeds } from '../../../src/controller/push/feeds.ts'
import { controllerSettings } from '../../../src/controller/settings.ts'
import type { NodeId } from '../../../src/keys/identity.ts'
import { SecretBytes } from '../../../src/keys/secret.ts'
import { SigningKey } from '../../../src/keys/signature.ts'
import { apply } from '../../../src/model/apply.ts'
import type { Event } from '../../../src/model/event.ts'
import type { Role, State, Topology } from '../../../src/model/state.ts'
import type { Facts } from '../../../src/protocol/frames.ts'
import { loadSettings } from '../../../src/settings.ts'
import { HandClock } from '../../agent/clock.ts'
import { nodeId } from '../../model/history.ts'
import { topology } from '../../topology/policy/arbitrary.ts'
import { begin, NETWORK, play, wish } from '../../topology/policy/play.ts'

const settings = loadSettings(controllerSettings, { environment: {}, flags: { gatherMilliseconds: 50 } })
const signing = new SigningKey(new SecretBytes(new Uint8Array(32).fill(3)))
const NUMBERS = [1, 2, 3, 4, 5, 6]

describe('Members on one LAN', () => {
  const move = fc.record({
    kind: fc.constant('move' as const),
    number: fc.constantFrom(...NUMBERS),
    lan: fc.nat(1),
    port: fc.constantFrom(0, 51_820, 51_821),
  })
  it('are told all endpoints there of those that they see and of nobody else, whatever changes', async () => {
    const steps = fc.array(fc.oneof({ arbitrary: move, weight: 2 }, { arbitrary: wish, weight: 3 }), {
      minLength: 1,
      maxLength: 30,
    })
    await fc.assert(
      fc.asyncProperty(topology, steps, async (shape, all) => {
        const world = new LanWorld(shape)
        for (const step of all) {
          if (step.kind === 'move') world.move(step.number, step.lan, step.port)
          else world.change(play(world.state, [step]).events)
          await world.push()
          for (const viewer of world.members()) assert.deepEqual(world.told(viewer), world.wanted(viewer))
        }
      }),
      { numRuns: 150 },
    )
  })

  for (const [shape, role] of [
    ['hub', 'hub'],
    ['sites', 'gateway'],
  ] as const)
    it(`in ${shape}: who becomes a ${role} is told and named, and who is none any more is neither`, async () => {
      const world = new LanWorld(shape)
      for (const number of [1, 2, 3]) world.change(play(world.state, [{ kind: 'come', number }]).events)
      for (const number of [1, 2, 3]) world.move(number, 0, 51_820)
      world.change([{ type: 'network-policy-set', network: NETWORK, policy: { default: 'deny', rules: [] } }])
      await world.push()
      const names = () => [1, 2, 3].map((number) => [...world.told(nodeId(number)).keys()].length)
      assert.deepEqual(names(), [0, 0, 0])
      for (const [roles, counts] of [
        [[role], [2, 1, 1]],
        [[], [0, 0, 0]],
      ] as [Role[], number[]][]) {
        world.change([{ type: 'node-roles-set', id: nodeId(1), roles }])
        await world.push()
        assert.deepEqual(names(), counts)
      }
    })
})

/** One network whose members are in one of two LANs, and what each was told of its own. */
class LanWorld {
  readonly #clock = new HandClock()
  readonly #presence = new Presence()
  readonly #feeds: Feeds
  readonly #told = new Map<NodeId, string | undefined>()
  state: State

  constructor(shape: Topology) {
    this.state = begin(shape)
    this.#feeds = this.#feedsOf()
    this.#feeds.onTouched((_, viewers) => {
      for (const viewer of viewers ?? this.members()) this.#tell(viewer)
    })
  }

  change(events: readonly Event[]): void {
    for (const event of events) {
      const before = this.state
      this.state = apply(before, event)
      const entry = { sequence: 1, hash: '', operation: '', at: 0, actor: 'test', events: [event] }
      this.#feeds.onEntry(entry, before, this.state)
    }
    for (const node of this.#told.keys()) if (!this.members().includes(node)) this.#told.delete(node)
  }

  /** @param port 0: it has none there */
  move(number: number, lan: number, port: number): void {
    const facts: Facts = {
      addresses: [`192.168.${lan}.${number}/24`, '172.17.0.1/16'],
      mtu: 1_500,
      ports: port > 0 ? [{ network: NETWORK, port }] : [],
      device: 'memory',
      version: '0',
    }
    this.#presence.arrived(nodeId(number), 0, toNodeReport(facts, parseAddress('203.0.113.9'), 0))
    this.#feeds.onFacts(nodeId(number))
  }

  /** Until all that is due is told. */
  async push(): Promise<void> {
    await turn()
    this.#clock.advance(1_000)
    // Who has just become one asks for itself, as its session does.
    for (const node of this.members()) if (!this.#told.has(node)) this.#tell(node)
  }

  members(): NodeId[] {
    return [...(this.state.networks.get(NETWORK)?.members.keys() ?? [])]
  }

  told(viewer: NodeId): ReadonlyMap<string, readonly string[]> {
    return hintsIn(this.#told.get(viewer))
  }

  /** By a controller that has just started. */
  wanted(viewer: NodeId): ReadonlyMap<string, readonly string[]> {
    return hintsIn(this.#feedsOf().lan(NETWORK, viewer)?.bytes.toString())
  }

  #tell(viewer: NodeId): void {
    this.#told.set(viewer, this.#feeds.lan(NETWORK, viewer)?.bytes.toString())
  }

  #feedsOf(): Feeds {
    return new Feeds({
      clock: this.#clock,
      settings,
      signing,
      state: () => this.state,
      presence: this.#presence,
      count: () => undefined,
      recent: [],
    })
  }
}

function hintsIn(text: string | undefined): ReadonlyMap<string, readonly string[]> {
  const { hints = [] }: { hints?: { node: string; endpoints: string[] }[] } = JSON.parse(text ?? '{}')
  return new Map(hints.map(({ node, endpoints }) => [node, endpoints]))
}
