import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseCidr } from '../../../src/address/cidr.ts'
import type { NodeId } from '../../../src/keys/identity.ts'
import { apply } from '../../../src/model/apply.ts'
import type { Event } from '../../../src/model/event.ts'
import { DEFAULT_PROJECT } from '../../../src/model/names.ts'
import { emptyState, type State, type Topology } from '../../../src/model/state.ts'
import { linkChanges } from '../../../src/topology/policy/link-changes.ts'
import { linkageOf } from '../../../src/topology/policy/linkage.ts'
import { networkId, nodeId, publicKey, verifyKey } from '../../model/history.ts'
import { policy, someone, topology } from './arbitrary.ts'

const NETWORK = networkId(0)

/** What somebody wants to happen in the network; `number` picks the node. */
const wish = fc.oneof(
  fc.record({
    kind: fc.constantFrom('come' as const, 'go' as const),
    number: fc.integer({ min: 1, max: 6 }),
  }),
  fc.record({ kind: fc.constant('policy' as const), policy }),
  fc.record({ kind: fc.constant('labels' as const), number: fc.integer({ min: 1, max: 6 }), who: someone }),
  fc.record({ kind: fc.constant('roles' as const), number: fc.integer({ min: 1, max: 6 }), who: someone }),
)
type Wish = typeof wish extends fc.Arbitrary<infer Value> ? Value : never

describe('A dry run', () => {
  it('tells the links that a comparison of all pairs before and after finds', () => {
    const wishes = fc.array(wish, { maxLength: 20 })
    fc.assert(
      fc.property(topology, wishes, wishes, (shape, past, proposed) => {
        const state = play(begin(shape), past).state
        const { state: after, events } = play(state, proposed)
        const [had, has] = [pairsIn(state), pairsIn(after)]
        const { appear, disappear } = linkChanges(state, events)
        assert.deepEqual(namesOf(appear.links), [...has].filter((pair) => !had.has(pair)).sort())
        assert.deepEqual(namesOf(disappear.links), [...had].filter((pair) => !has.has(pair)).sort())
        assert.deepEqual([appear.count, disappear.count], [appear.links.length, disappear.links.length])
      }),
      { numRuns: 200 },
    )
  })

  it('tells what goes with a network, and nothing of a change that is of no concern to links', () => {
    const state = play(
      begin('mesh'),
      [1, 2, 3].map((number) => ({ kind: 'come', number })),
    ).state
    const { appear, disappear } = linkChanges(state, [{ type: 'network-deleted', id: NETWORK }])
    assert.deepEqual([appear.count, disappear.count], [0, 3])
    const none = linkChanges(state, [{ type: 'epoch-raised', epoch: 2 }])
    assert.deepEqual([none.appear.count, none.disappear.count], [0, 0])
  })

  it('counts all links of a large network, and lists a thousand', () => {
    let state = begin('mesh')
    for (let number = 10; number < 110; number++) state = play(state, [{ kind: 'come', number }]).state
    const deny: Event = {
      type: 'network-policy-set',
      network: NETWORK,
      policy: { default: 'deny', rules: [] },
    }
    const { disappear } = linkChanges(state, [deny])
    assert.deepEqual([disappear.count, disappear.links.length], [4_950, 1_000])
  })
})

function begin(shape: Topology): State {
  const created: Event = {
    type: 'network-created',
    at: 0,
    id: NETWORK,
    project: DEFAULT_PROJECT,
    name: 'demo',
    ipv4: parseCidr('10.0.0.0/8'),
    ipv6: parseCidr('fd00:0:1::/48'),
    nodePrefixLength: 24,
    topology: shape,
    keyCustody: 'controller',
  }
  return apply(emptyState, created)
}

function play(
  start: State,
  wishes: readonly Wish[],
): { readonly state: State; readonly events: readonly Event[] } {
  let state = start
  const events: Event[] = []
  for (const each of wishes) {
    const more = decide(state, each)
    state = more.reduce(apply, state)
    events.push(...more)
  }
  return { state, events }
}

function decide(state: State, wish: Wish): readonly Event[] {
  if (wish.kind === 'policy') return [{ type: 'network-policy-set', network: NETWORK, policy: wish.policy }]
  const id = nodeId(wish.number)
  const isMember = state.networks.get(NETWORK)?.members.has(id)
  switch (wish.kind) {
    case 'come':
      return isMember ? [] : [...enrol(state, id, wish.number), join(state, id, wish.number)]
    case 'go':
      return isMember ? [{ type: 'member-removed', network: NETWORK, node: id, at: 0 }] : []
    case 'labels':
      return state.nodes.has(id) ? [{ type: 'node-labels-set', id, labels: wish.who.labels }] : []
    case 'roles':
      return state.nodes.has(id) ? [{ type: 'node-roles-set', id, roles: wish.who.roles }] : []
  }
}

function enrol(state: State, id: NodeId, number: number): Event[] {
  if (state.nodes.has(id)) return []
  const keys = { project: DEFAULT_PROJECT, publicKey: verifyKey(number), sealingKey: publicKey(number) }
  return [{ type: 'node-enrolled', at: 0, id, name: `n${number}`, labels: {}, ...keys }]
}

function join(state: State, node: NodeId, number: number): Event {
  const slots = state.networks.get(NETWORK)?.slots
  const slot = slots?.tombstones.get(node)?.slot ?? slots?.next ?? 1
  return {
    type: 'member-added',
    at: 0,
    network: NETWORK,
    node,
    slot,
    keyVersion: 1,
    publicKey: publicKey(number),
  }
}

/** Every pair of peers, asked one by one. */
function pairsIn(state: State): ReadonlySet<string> {
  const network = state.networks.get(NETWORK)
  if (!network) return new Set()
  const { areLinked } = linkageOf(network, state)
  const nodes = [...network.members.keys()].sort()
  return new Set(
    nodes.flatMap((a, at) =>
      nodes
        .slice(at + 1)
        .filter((b) => areLinked(a, b))
        .map((b) => `${a} ${b}`),
    ),
  )
}

function namesOf(links: readonly { readonly a: NodeId; readonly b: NodeId }[]): string[] {
  return links.map(({ a, b }) => `${a} ${b}`).sort()
}
