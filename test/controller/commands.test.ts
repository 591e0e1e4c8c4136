import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { addMember, certifyMemberKey, removeMember } from '../../src/controller/commands/member.ts'
import { createNetwork, deleteNetwork, type NetworkInput } from '../../src/controller/commands/network.ts'
import { joinNode, removeNode } from '../../src/controller/commands/node.ts'
import { createJoinToken, type JoinTokenInput } from '../../src/controller/commands/token.ts'
import { controllerSettings } from '../../src/controller/settings.ts'
import type { Decision, Tools } from '../../src/controller/tools.ts'
import { Identity, type NodeId } from '../../src/keys/identity.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import { createKeyPair, toPublicKey } from '../../src/keys/wireguard.ts'
import { apply } from '../../src/model/apply.ts'
import { DEFAULT_PROJECT, type NetworkId } from '../../src/model/names.ts'
import { emptyState, type Network, type State } from '../../src/model/state.ts'
import { type AgentFrame, encodeFrame } from '../../src/protocol/frames.ts'
import { loadSettings } from '../../src/settings.ts'

const DAY = 86_400_000
const settings = loadSettings(controllerSettings, { environment: {}, flags: {} })

describe('Commands', () => {
  it('give a network the next free /16 of the pool, and one of its own to each', () => {
    const world = new World()
    const ranges = ['one', 'two', 'three'].map((name) => world.network({ name }).ipv4)
    assert.deepEqual(ranges, ['10.64.0.0/16', '10.65.0.0/16', '10.66.0.0/16'])
  })

  it('refuse networks that overlap, have host bits, are too small or have a name that is taken, with advice', () => {
    const world = new World()
    world.network({ name: 'one', ipv4: '10.1.0.0/16' })
    const refusals: [NetworkInput, string, string][] = [
      [{ name: 'two', ipv4: '10.1.128.0/24', nodePrefixLength: 28 }, 'range-overlap', 'ipv4'],
      [{ name: 'two', ipv4: '10.2.0.1/16' }, 'invalid-input', 'ipv4'],
      [{ name: 'two', ipv4: '10.2.0.0/24' }, 'invalid-input', 'nodePrefixLength'],
      [{ name: 'two', ipv4: '8.8.0.0/16' }, 'invalid-input', 'ipv4'],
      [{ name: 'two', ipv6: '2001:db8::/48' }, 'invalid-input', 'ipv6'],
      [{ name: 'one' }, 'already-exists', 'name'],
      [{ name: '; reboot' }, 'invalid-input', 'name'],
      [{ name: '--help' }, 'invalid-input', 'name'],
    ]
    for (const [input, code, field] of refusals) {
      assert.throws(
        () => createNetwork(world.state, world.tools, input),
        (error: { code: string; field: string; advice: string }) => {
          assert.deepEqual(
            [error.code, error.field, typeof error.advice],
            [code, field, 'string'],
            JSON.stringify(input),
          )
          return true
        },
      )
    }
  })

  it('refuse a network when the pool is used up', () => {
    const world = new World({ ipv4Pool: ['10.9.0.0/16'] })
    world.network({ name: 'one' })
    assert.throws(() => createNetwork(world.state, world.tools, { name: 'two' }), { code: 'range-exhausted' })
  })

  it('let a /8 with nodePrefixLength 32 hold more than 10,000 members', () => {
    const world = new World()
    const { id } = world.network({
      name: 'big',
      ipv4: '10.0.0.0/8',
      nodePrefixLength: 32,
      keyCustody: 'node',
    })
    for (let at = 0; at < 10_500; at++) {
      const node = world.enrol(at)
      world.run(addMember(world.state, world.tools, id, node))
    }
    assert.equal(world.state.networks.get(id)?.members.size, 10_500)
  })

  it('take a node into no more networks than its agent can speak of in one frame', () => {
    const world = new World()
    const node = world.enrol(1)
    const enter = (at: number) => {
      const { id } = world.network({ name: `n-${at}`, ipv4: `10.${at}.0.0/24`, nodePrefixLength: 32 })
      world.run(addMember(world.state, world.tools, id, node))
    }
    for (let at = 0; at < 200; at++) enter(at)
    assert.throws(() => enter(200), { code: 'conflict', field: 'node' })
    const networks = [...(world.state.networksOfNode.get(node)?.keys() ?? [])]
    assert.equal(networks.length, 200)
    assert.ok(encodeFrame(longestHello(networks, node)).length < 65_536)
  })

  it('keep the place of a removed member for its return, and give it to others only when its time is over', () => {
    const world = new World()
    const { id } = world.network({ name: 'tiny', ipv4: '10.1.0.0/30', nodePrefixLength: 32 })
    const [a, b, c] = [world.enrol(1), world.enrol(2), world.enrol(3)]
    world.run(addMember(world.state, world.tools, id, a))
    world.run(addMember(world.state, world.tools, id, b))
    world.run(removeMember(world.state, world.tools, id, a))
    assert.throws(() => addMember(world.state, world.tools, id, c), { code: 'range-exhausted' })
    world.tools = { ...world.tools, now: settings.tombstoneDays * DAY + 1 }
    world.run(addMember(world.state, world.tools, id, c))
    assert.equal(world.state.networks.get(id)?.members.get(c)?.slot, 1)
  })

  it('take a token, its use, the node and its memberships as one change, and refuse it when it is spent', () => {
    const world = new World()
    const { id } = world.network({ name: 'one' })
    const secret = world.token({ networks: ['one'], labels: { site: 'x' } })
    const input = world.joinInput(1, secret)
    const decision = joinNode(world.state, world.tools, input)
    assert.deepEqual(
      decision.events.map(({ type }) => type),
      ['join-token-used', 'node-enrolled', 'member-added'],
    )
    const node = world.run(decision)
    assert.deepEqual(world.state.nodes.get(node)?.labels, { site: 'x' })
    assert.ok(world.state.networks.get(id)?.members.has(node))
    assert.throws(() => joinNode(world.state, world.tools, world.joinInput(2, secret)), {
      code: 'token-spent',
    })
  })

  it('refuse a join token after its time, and one that was never made', () => {
    const world = new World()
    const secret = world.token({ ttlSeconds: 60, uses: 9 })
    world.tools = { ...world.tools, now: 60_000 }
    assert.throws(() => joinNode(world.state, world.tools, world.joinInput(1, secret)), {
      code: 'token-spent',
    })
    assert.throws(() => joinNode(world.state, world.tools, world.joinInput(1, 'x')), { code: 'token-spent' })
  })

  it('never rebind the keys of a node that exists', () => {
    const world = new World()
    const first = world.joinInput(1, world.token({}))
    const node = world.run(joinNode(world.state, world.tools, first))
    world.network({ name: 'later' })
    const before = world.state.nodes.get(node)
    const again = {
      ...world.joinInput(1, world.token({ networks: ['later'] })),
      sealingKey: createKeyPair(systemRandom).publicKey,
    }
    world.run(joinNode(world.state, world.tools, again))
    assert.deepEqual(world.state.nodes.get(node), before)
  })

  it('refuse a node to which nothing could be sealed', () => {
    const world = new World()
    const input = { ...world.joinInput(1, world.token({})), sealingKey: toPublicKey(new Uint8Array(32)) }
    assert.throws(() => joinNode(world.state, world.tools, input), { code: 'protocol-error' })
  })

  it('never use a key version twice, also when the tombstone of a member was cleared in between', () => {
    const world = new World()
    const { id } = world.network({
      name: 'tiny',
      ipv4: '10.1.0.0/30',
      nodePrefixLength: 32,
      keyCustody: 'node',
    })
    const [a, b, c] = [world.enrol(1), world.enrol(2), world.enrol(3)]
    world.run(addMember(world.state, world.tools, id, a))
    const first = world.state.networks.get(id)?.members.get(a)?.keyVersion ?? 0
    world.run(addMember(world.state, world.tools, id, b))
    world.run(removeMember(world.state, world.tools, id, a))
    world.tools = { ...world.tools, now: settings.tombstoneDays * DAY + 1 }
    world.run(addMember(world.state, world.tools, id, c))
    world.run(removeMember(world.state, world.tools, id, b))
    world.tools = { ...world.tools, now: 2 * settings.tombstoneDays * DAY + 2 }
    world.run(addMember(world.state, world.tools, id, a))
    assert.ok((world.state.networks.get(id)?.members.get(a)?.keyVersion ?? 0) > first)
  })

  it('tell nodes of the same name apart', () => {
    const world = new World()
    const secret = world.token({ uses: 3 })
    for (const seed of [1, 2, 3])
      world.run(joinNode(world.state, world.tools, { ...world.joinInput(seed, secret), name: 'web' }))
    const names = [...(world.state.nodesByName.get(DEFAULT_PROJECT)?.keys() ?? [])]
    assert.equal(new Set(names).size, 3)
    assert.ok(names.every((name) => name.startsWith('web')))
  })

  it('seal a member key for its node only, and keep no plaintext in the events', () => {
    const made: Uint8Array[] = []
    const world = new World()
    const { id } = world.network({ name: 'one' })
    const node = world.enrol(1)
    const random = (length: number) => {
      const bytes = systemRandom(length)
      made.push(bytes)
      return bytes
    }
    const { events } = addMember(world.state, { ...world.tools, random }, id, node)
    const text = JSON.stringify(events)
    for (const secret of made) {
      assert.ok(!text.includes(Buffer.from(secret).toString('base64')))
      assert.ok(!text.includes(Buffer.from(secret).toString('hex')))
    }
  })

  it('certify a key once, and no key that another member has', () => {
    const world = new World()
    const { id } = world.network({ name: 'one', keyCustody: 'node' })
    const [a, b] = [world.enrol(1), world.enrol(2)]
    world.run(addMember(world.state, world.tools, id, a))
    world.run(addMember(world.state, world.tools, id, b))
    const { publicKey } = createKeyPair(systemRandom)
    const { keyVersion = 0 } = world.state.networks.get(id)?.members.get(a) ?? {}
    world.run(certifyMemberKey(world.state, id, a, { keyVersion, publicKey }))
    assert.throws(() => certifyMemberKey(world.state, id, b, { keyVersion, publicKey }), {
      code: 'already-exists',
    })
    assert.equal(certifyMemberKey(world.state, id, a, { keyVersion, publicKey }).events.length, 0)
    const other = createKeyPair(systemRandom).publicKey
    assert.throws(() => certifyMemberKey(world.state, id, a, { keyVersion, publicKey: other }), {
      code: 'protocol-error',
    })
  })

  it('leave no trace of a network or node that is gone in any index', () => {
    const world = new World()
    const { id } = world.network({ name: 'one' })
    const [a, b] = [world.enrol(1), world.enrol(2)]
    world.run(addMember(world.state, world.tools, id, a))
    world.run(addMember(world.state, world.tools, id, b))
    world.run(removeNode(world.state, world.tools, a))
    world.run(deleteNetwork(world.state, id))
    assert.equal(world.state.memberKeys.size, 0)
    assert.equal(world.state.networksOfNode.size, 0)
    assert.equal(world.state.networksByName.size, 0)
    assert.deepEqual([...world.state.nodes.keys()], [b])
  })
})

/** What an agent of these networks says when it comes back, at its longest. */
function longestHello(networks: readonly NetworkId[], relay: NodeId): AgentFrame {
  const count = 2 ** 31
  const [digest, key, signature] = ['A'.repeat(22), 'A'.repeat(44), 'A'.repeat(86)]
  const position = { epoch: count, revision: count, digest, self: count, hints: digest, lan: digest }
  return {
    type: 'hello',
    signature,
    sealingKey: key,
    networks: networks.map((network) => ({ network, ...position })),
    facts: {
      addresses: Array(64).fill('x'.repeat(49)),
      mtu: 1_500,
      relays: Array(64).fill({ node: relay, alive: false, rtt: 1_234.567 }),
      ports: networks.map((network) => ({ network, port: 65_535 })),
      device: 'userspace',
      version: 'x'.repeat(40),
      time: Date.now(),
      disk: 'x'.repeat(500),
    },
  }
}

/** A state that commands are run against. */
class World {
  state: State = emptyState
  tools: Tools

  constructor(overrides = {}) {
    this.tools = { now: 0, random: systemRandom, settings: { ...settings, ...overrides } }
  }

  run<Result>({ events, result }: Decision<Result>): Result {
    this.state = events.reduce(apply, this.state)
    return result
  }

  network(input: NetworkInput): Network {
    const id = this.run(createNetwork(this.state, this.tools, input))
    const network = this.state.networks.get(id)
    assert.ok(network)
    return network
  }

  token(input: JoinTokenInput): string {
    return Buffer.from(this.run(createJoinToken(this.state, this.tools, input)).secret.expose()).toString()
  }

  joinInput(seed: number, secret: string) {
    const identity = new Identity(new SecretBytes(Buffer.alloc(32, seed)))
    return {
      publicKey: identity.signing.publicKey,
      sealingKey: identity.sealing.publicKey,
      secret,
      name: `n${seed}`,
    }
  }

  enrol(number: number): NodeId {
    const seed = Buffer.alloc(32)
    seed.writeUInt32BE(number)
    const { id, signing, sealing } = new Identity(new SecretBytes(seed))
    this.state = apply(this.state, {
      type: 'node-enrolled',
      id,
      project: DEFAULT_PROJECT,
      name: `node${number}`,
      publicKey: signing.publicKey,
      sealingKey: sealing.publicKey,
      labels: {},
      at: 0,
    })
    return id
  }
}
