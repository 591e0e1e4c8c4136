import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Member } from '../../src/api/schemas/member.ts'
import type { NewPolicy } from '../../src/api/schemas/policy.ts'
import type { Host } from '../../src/lab/host.ts'
import { pingAll, startPings } from '../../src/lab/ping.ts'
import { locate } from '../../src/wireguard/run.ts'
import { eventually } from '../rig.ts'
import { skip } from '../wireguard/scene.ts'
import { DEMO, type Demo, memberOf, openMesh, settled } from './demo.ts'
import { canOpen, startListener, startTalker, ticksOf } from './flows.ts'
import { assertAllAnswer } from './traffic.ts'
import { interfaceOf, wireguardOf } from './tunnel.ts'

const OPEN: NewPolicy = { default: 'allow', rules: [] }

/** What a slow machine takes to tell and apply; the rest of the test is about what is let in. */
const SOON = 10_000

describe('A policy in a mesh with real tunnels', { skip }, () => {
  let demo: Demo
  let members: ReadonlyMap<string, Member>
  const hosts = () => ['node-1', 'node-2', 'node-3'].map((name) => demo.lab.host(name)) as [Host, Host, Host]
  const addressesOf = (host: Host) => [memberOf(members, host).ipv4, memberOf(members, host).ipv6]
  before(async () => {
    demo = await openMesh({ nodes: 3 }, { WEFT_REPORT_SECONDS: '1' })
    members = await settled(demo.client, DEMO, 3)
    await assertAllAnswer(demo.nodes, members)
  })
  after(() => demo?.[Symbol.asyncDispose]())

  /** Sets it, and waits until all have it. */
  async function set(policy: NewPolicy): Promise<void> {
    await demo.client.call('setPolicy', { path: { network: DEMO }, body: policy })
    await settled(demo.client, DEMO, 3)
  }

  it('leaves only the peers and lets in only the flows that it says, in both families, and cuts no flow', async (t) => {
    const [one, two, three] = hosts()
    for (const port of [7_000, 7_001]) await startTalker(two, port)
    await startTalker(one, 7_000)
    // Of these the other end speaks alone, and not all the time.
    await startTalker(two, 7_002, 4_000)
    const busy = await Promise.all(addressesOf(two).map((address) => startListener(one, address, 7_001)))
    const quiet = await Promise.all(addressesOf(two).map((address) => startListener(one, address, 7_002)))
    const start = performance.now()
    await demo.client.call('setPolicy', {
      path: { network: DEMO },
      body: {
        default: 'deny',
        rules: [
          { from: 'node-1', to: 'node-2', protocols: ['tcp'], ports: [7_000] },
          { from: 'node-1', to: 'node-2', protocols: ['icmp'] },
        ],
      },
    })
    const gone = (host: Host, other: Host) =>
      eventually(
        `${host.name} has no peer ${other.name}`,
        async () => !(await keysOn(host)).has(keyOf(other)),
        SOON,
      )
    await Promise.all([gone(one, three), gone(two, three), gone(three, one), gone(three, two)])
    const took = performance.now() - start
    assert.ok((await keysOn(one)).has(keyOf(two)) && (await keysOn(two)).has(keyOf(one)))
    await settled(demo.client, DEMO, 3)
    for (const address of addressesOf(two)) {
      assert.ok(await canOpen(one, address, 7_000), `${address} 7000`)
      assert.ok(!(await canOpen(one, address, 7_001)), `${address} 7001`)
    }
    for (const address of addressesOf(one)) assert.ok(!(await canOpen(two, address, 7_000)), address)
    assert.deepEqual(await answersOf(one, two), [true, true])
    assert.deepEqual(await answersOf(two, one), [false, false])
    assert.deepEqual(await answersOf(one, three), [false, false])
    // Paths are judged by whether a knock comes back, whatever the policy lets in.
    for (const address of addressesOf(one)) assert.equal(await knockAnswer(two, address), 'ECONNREFUSED')
    for (const listener of [...busy, ...quiet]) {
      const ticks = ticksOf(listener)
      await eventually(`${listener.name} hears more`, () => ticksOf(listener) > ticks, SOON)
    }
    t.diagnostic(`peers were gone after ${Math.round(took)} ms`)
    assert.ok(took < 3_000, `peers were gone after ${Math.round(took)} ms`)
  })

  it('is changed at once: nothing that it permits is lost meanwhile, and nothing else gets in', async () => {
    const [one, two] = hosts()
    const ping = { from: 'node-1', to: 'node-2', protocols: ['icmp' as const] }
    const ssh = (port: number) => ({
      from: 'node-1',
      to: 'node-2',
      protocols: ['tcp' as const],
      ports: [port],
    })
    await set({ default: 'deny', rules: [ping] })
    const rows = await Promise.all(
      addressesOf(two).map((address) => startPings(one, address, { count: 400, interval: 10 })),
    )
    let over = false
    const opened: boolean[] = []
    const knocking = (async () => {
      while (!over) opened.push(await canOpen(one, memberOf(members, two).ipv4, 7_001, 100))
    })()
    for (let round = 0; round < 6; round++) await set({ default: 'deny', rules: [ping, ssh(22 + round)] })
    const counts = await Promise.all(rows.map(({ done }) => done))
    over = true
    await knocking
    assert.deepEqual(
      counts,
      counts.map(() => ({ sent: 400, lost: [] })),
    )
    assert.ok(opened.length > 0 && !opened.includes(true))
  })

  it('is put up again where somebody takes the filter away by hand, and that is reported', async () => {
    const [, two] = hosts()
    await set({ default: 'deny', rules: [{ from: '*', to: 'node-2', protocols: ['icmp'] }] })
    const before = await tablesOn(two)
    assert.equal(before.length, 1)
    await two.exec(locate('nft'), ['flush', 'ruleset'])
    await eventually('the filter is back', async () => (await tablesOn(two)).length === 1, SOON)
    assert.deepEqual(await tablesOn(two), before)
  })

  it('goes without a trace: all reach all, and no filter is left', async () => {
    await set(OPEN)
    await assertAllAnswer(demo.nodes, members)
    for (const host of hosts()) assert.deepEqual(await tablesOn(host), [])
  })

  it('leaves nothing behind on a member that goes', async () => {
    const [one, , three] = hosts()
    await set({ default: 'deny', rules: [{ from: 'node-1', to: 'node-3', protocols: ['icmp'] }] })
    assert.equal((await tablesOn(three)).length, 1)
    await demo.client.call('removeMember', { path: { network: DEMO, node: 'node-3' } })
    await eventually('its filter is gone', async () => (await tablesOn(three)).length === 0, SOON)
    assert.ok(await tablesOn(one))
  })

  function keyOf(host: Host): string | null {
    return memberOf(members, host).publicKey
  }

  async function keysOn(host: Host): Promise<ReadonlySet<string | null>> {
    const network = await demo.client.call('showNetwork', { path: { network: DEMO } })
    return new Set((await wireguardOf(host, interfaceOf(network, memberOf(members, host)))).peers.keys())
  }

  /** Whether pings are answered, in each family. */
  async function answersOf(from: Host, to: Host): Promise<boolean[]> {
    const probes = addressesOf(to).map((address, at) => {
      return { from, to: to.name, address, family: at === 0 ? 4 : 6 } as const
    })
    const answers = await pingAll(probes, 2_000)
    return answers.map(({ answered }) => answered)
  }
})

/** The filters of policies on a host. */
async function tablesOn(host: Host): Promise<string[]> {
  const tables = await host.exec(locate('nft'), ['list', 'tables'])
  return tables.split('\n').filter((line) => line.endsWith('_policy'))
}

/** What becomes of a UDP packet to the discard port: `ECONNREFUSED` when the other end says that nobody listens. */
function knockAnswer(from: Host, address: string): Promise<string> {
  const script = `
    const socket = require('node:dgram').createSocket('udp${address.includes(':') ? 6 : 4}')
    const say = (text) => { console.log(text); process.exit() }
    socket.on('error', ({ code }) => say(code))
    socket.connect(9, '${address}', () => socket.send('x'))
    setTimeout(() => say('nothing'), 5000)`
  return from.exec(process.execPath, ['-e', script])
}
