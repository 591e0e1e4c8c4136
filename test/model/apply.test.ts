import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { WeftError } from '../../src/errors.ts'
import { apply, applyEntry } from '../../src/model/apply.ts'
import type { Event } from '../../src/model/event.ts'
import { emptyState, type Network, type State } from '../../src/model/state.ts'
import { history, networkId, nodeId, projectId, publicKey, SLOTS, tokenId, verifyKey } from './history.ts'

const fold = (events: readonly Event[]): State => events.reduce(apply, emptyState)

/** A state as plain data, to be compared. */
function plain(state: State): unknown {
  return JSON.parse(JSON.stringify(state))
}

describe('the fold, after any history,', () => {
  it('has indexes that agree with what they index', () => {
    fc.assert(
      fc.property(history, (steps) => checkIndexes(fold(steps.flat()))),
      { numRuns: 200 },
    )
  })

  it('accounts for every slot of a network once: held, kept by a tombstone, free, or never used', () => {
    fc.assert(
      fc.property(history, (steps) => {
        for (const { members, slots } of fold(steps.flat()).networks.values()) {
          const held = [...members.values(), ...slots.tombstones.values()].map(({ slot }) => slot)
          const all = [...held, ...slots.free].sort((a, b) => a - b)
          assert.deepEqual(
            all,
            Array.from({ length: slots.next - 1 }, (_, index) => index + 1),
          )
          assert.deepEqual(
            slots.free,
            [...slots.free].sort((a, b) => a - b),
          )
          assert.ok(slots.next <= SLOTS + 1)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('knows of each whose tombstone stands as of when it left: the epoch, and the revision to which that led', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const left = new Map<string, unknown>()
        let state = emptyState
        for (const event of steps.flat()) {
          state = apply(state, event)
          if (event.type === 'member-added') left.delete(event.network + event.node)
          if (event.type === 'tombstones-cleared')
            for (const node of event.nodes) left.delete(event.network + node)
          if (event.type !== 'member-removed') continue
          const revision = state.networks.get(event.network)?.revision
          left.set(event.network + event.node, { epoch: state.epoch, revision })
        }
        for (const [id, { slots }] of state.networks) {
          const expected = [...slots.tombstones.keys()].map((node) => [node, left.get(id + node)])
          assert.deepEqual(slots.leftAt.toObject(), Object.fromEntries(expected))
        }
      }),
      { numRuns: 200 },
    )
  })

  it('is the same from the start, from JSON, and entry by entry', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const once = fold(steps.flat())
        const read: Event[] = JSON.parse(JSON.stringify(steps.flat()))
        assert.deepEqual(plain(fold(read)), plain(once))
        const entries = steps.map((events, index) => ({ sequence: index + 1, events }))
        const stepwise = entries.reduce(applyEntry, emptyState)
        assert.deepEqual(plain(stepwise), plain({ ...once, sequence: steps.length }))
      }),
      { numRuns: 100 },
    )
  })

  it('has left every earlier state as it was', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const states: { state: State; copy: unknown }[] = []
        let state = emptyState
        for (const event of steps.flat()) {
          states.push({ state, copy: plain(state) })
          state = apply(state, event)
        }
        for (const { state: earlier, copy } of states) assert.deepEqual(plain(earlier), copy)
      }),
      { numRuns: 50 },
    )
  })

  it('has the members that a list of comings and goings has', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const events = steps.flat()
        const state = fold(events)
        for (const network of state.networks.values()) {
          assert.deepEqual([...network.members.keys()].sort(), slowMembers(events, network).sort())
        }
      }),
      { numRuns: 200 },
    )
  })

  it('raises the revision by one at each event that members have to know of, and never lowers it', () => {
    fc.assert(
      fc.property(history, (steps) => {
        let state = emptyState
        for (const event of steps.flat()) {
          const next = apply(state, event)
          for (const [id, network] of next.networks) checkRevision(state.networks.get(id), network, event)
          state = next
        }
      }),
      { numRuns: 100 },
    )
  })

  it('gives a node that comes back a higher key version, and no key to two members', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const last = new Map<string, number>()
        for (const event of steps.flat()) {
          if (event.type === 'tombstones-cleared')
            for (const node of event.nodes) last.delete(event.network + node)
          if (event.type === 'network-deleted')
            for (const key of last.keys()) if (key.startsWith(event.id)) last.delete(key)
          if (event.type !== 'member-added') continue
          const key = event.network + event.node
          assert.ok(event.keyVersion > (last.get(key) ?? 0))
          last.set(key, event.keyVersion)
        }
        const keys = [...fold(steps.flat()).networks.values()].flatMap(({ members }) =>
          [...members.values()].flatMap(keysOf),
        )
        assert.equal(new Set(keys).size, keys.length)
      }),
      { numRuns: 100 },
    )
  })
})

describe('the fold', () => {
  const enrolled: Event = {
    type: 'node-enrolled',
    at: 5,
    id: nodeId(1),
    project: projectId(1),
    name: 'one',
    publicKey: verifyKey(1),
    sealingKey: publicKey(1),
    labels: { rack: 'a' },
  }

  it('keeps what the controller is, and its epoch', () => {
    const authority = {
      publicKey: verifyKey(9),
      wrappedSeed: 'c2VlZA==',
      certificate: 'PEM',
      wrappedCertificateKey: 'a2V5',
    }
    const state = fold([{ type: 'controller-initialised', epoch: 7, ...authority }])
    assert.deepEqual([state.epoch, state.authority], [7, authority])
    assert.equal(apply(state, { type: 'epoch-raised', epoch: 8 }).epoch, 8)
  })

  it('keeps a node as it was enrolled, and remembers one that was removed until it comes back', () => {
    const { type: _, at: enrolledAt, ...node } = enrolled
    const state = fold([enrolled])
    assert.partialDeepStrictEqual(state.nodes.get(nodeId(1)), { ...node, enrolledAt })
    const removed = apply(state, { type: 'node-removed', id: nodeId(1) })
    assert.ok(removed.removedNodes.has(nodeId(1)) && !removed.nodes.has(nodeId(1)))
    assert.ok(!apply(removed, enrolled).removedNodes.has(nodeId(1)))
  })

  it('counts the uses of a join token down', () => {
    const id = tokenId(1)
    const created: Event = {
      type: 'join-token-created',
      at: 1,
      id,
      project: projectId(1),
      hash: 'f'.repeat(64),
      networks: [],
      labels: {},
      uses: 2,
      expiresAt: 9,
    }
    const used: Event = { type: 'join-token-used', id, node: nodeId(1) }
    assert.equal(fold([created, used]).joinTokens.get(id)?.uses, 1)
    assert.equal(fold([created, used, used]).joinTokens.get(id)?.uses, 0)
  })

  it('does not take an event that speaks of what does not exist', () => {
    const [network, node, id] = [networkId(1), nodeId(1), tokenId(1)]
    const strange: Event[] = [
      { type: 'api-token-revoked', id },
      { type: 'join-token-revoked', id },
      { type: 'join-token-used', id, node },
      { type: 'node-removed', id: node },
      { type: 'network-deleted', id: network },
      { type: 'network-shared', network, project: projectId(1) },
      { type: 'network-unshared', network, project: projectId(1) },
      { type: 'project-deleted', id: projectId(1) },
      { type: 'member-added', network, node, at: 1, slot: 1, keyVersion: 1 },
      { type: 'member-key-certified', network, node, keyVersion: 1, publicKey: publicKey(1) },
      { type: 'member-removed', network, node, at: 1 },
      { type: 'tombstones-cleared', network, nodes: [node] },
    ]
    for (const event of strange) {
      assert.throws(
        () => apply(emptyState, event),
        (error) =>
          error instanceof WeftError && error.code === 'log-damaged' && /does not exist/.test(error.message),
        event.type,
      )
    }
  })

  it('takes an entry as a whole, or throws and leaves the state as it was', () => {
    const entry = { sequence: 1, events: [enrolled, { type: 'network-deleted', id: networkId(1) } as const] }
    assert.throws(() => applyEntry(emptyState, entry), { code: 'log-damaged' })
    assert.equal(emptyState.nodes.size, 0)
  })
})

function checkIndexes(state: State) {
  const names = (things: Iterable<{ id: string; project: string; name: string }>) =>
    [...things].map(({ id, project, name }) => [`${project} ${name}`, id])
  const flat = (index: State['nodesByName'] | State['networksByName']) =>
    [...index].flatMap(([project, ids]) => [...ids].map(([name, id]) => [`${project} ${name}`, id] as const))
  const hashes = (tokens: Iterable<{ id: string; hash: string }>) =>
    [...tokens].map(({ id, hash }) => [hash, id])
  sameEntries(flat(state.nodesByName), names(state.nodes.values()))
  sameEntries(flat(state.networksByName), names(state.networks.values()))
  sameEntries(state.apiTokensByHash, hashes(state.apiTokens.values()))
  sameEntries(state.joinTokensByHash, hashes(state.joinTokens.values()))

  const networks = [...state.networks.values()]
  const places = networks.flatMap(({ id, members }) => [...members.keys()].map((node) => `${node} ${id}`))
  const indexed = [...state.networksOfNode].flatMap(([node, ids]) =>
    [...ids.keys()].map((id) => `${node} ${id}`),
  )
  assert.deepEqual(indexed.sort(), places.sort())
  assert.ok([...state.networksOfNode.values()].every((ids) => ids.size > 0))
  const grants = networks.flatMap(({ id, grants: to }) => [...to.keys()].map((project) => `${project} ${id}`))
  const shared = [...state.sharedNetworks].flatMap(([project, ids]) =>
    [...ids.keys()].map((id) => `${project} ${id}`),
  )
  assert.deepEqual(shared.sort(), grants.sort())
  assert.ok([...state.sharedNetworks.values()].every((ids) => ids.size > 0))
  const keys = networks.flatMap(({ id, members }) =>
    [...members.values()].flatMap(keysOf).map((key) => [key, id]),
  )
  sameEntries(state.memberKeys, keys)

  for (const network of networks) {
    for (const node of network.members.keys()) assert.ok(state.nodes.has(node), 'a member is a node')
  }
  for (const node of state.removedNodes.keys()) assert.ok(!state.nodes.has(node))
  for (const [id] of state.deletedNetworks) assert.ok(!state.networks.has(id))
}

function sameEntries(index: Iterable<readonly [string, string]>, expected: readonly (readonly string[])[]) {
  const text = (entries: Iterable<readonly string[]>) => [...entries].map((entry) => entry.join(' ')).sort()
  assert.deepEqual(text(index), text(expected))
}

function keysOf({ publicKey: key }: { readonly publicKey: string | undefined }): string[] {
  return key === undefined ? [] : [key]
}

/** Who came and did not go, since the network was last created. */
function slowMembers(events: readonly Event[], { id }: Network): string[] {
  let present: string[] = []
  for (const event of events) {
    if (event.type === 'network-created' && event.id === id) present = []
    if (event.type === 'member-added' && event.network === id) present.push(event.node)
    if (event.type === 'member-removed' && event.network === id)
      present = present.filter((node) => node !== event.node)
  }
  return present
}

function concerns(event: Event, { id }: Network): boolean {
  const types: Event['type'][] = ['member-added', 'member-key-certified', 'member-removed']
  return types.includes(event.type) && 'network' in event && event.network === id
}

function checkRevision(before: Network | undefined, after: Network, event: Event) {
  if (!before) return assert.equal(after.revision, 1)
  assert.equal(after.revision, before.revision + (concerns(event, after) ? 1 : 0))
  const changed = [...after.members.values()].filter((member) => before.members.get(member.node) !== member)
  for (const member of changed) assert.equal(member.revision, after.revision)
}
