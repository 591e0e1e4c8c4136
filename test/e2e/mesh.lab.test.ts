import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Member } from '../../src/api/schemas/member.ts'
import { Identity, parseSeed } from '../../src/keys/identity.ts'
import type { Host } from '../../src/lab/host.ts'
import { CONTROLLER } from '../../src/lab/topology.ts'
import { transfer } from '../../src/lab/transfer.ts'
import { skip } from '../wireguard/scene.ts'
import { createNetwork, DEMO, type Demo, memberOf, openMesh, settled } from './demo.ts'
import { assertAllAnswer } from './traffic.ts'
import { interfaceOf, privateKeyOn, wireguardOf } from './tunnel.ts'

/** Versions that a key of a new network may have; which one it is, is for the controller to say. */
const VERSIONS = 20

let demo: Demo
let members: ReadonlyMap<string, Member>

before(async () => {
  if (skip) return
  demo = await openMesh({ nodes: 4 })
  members = await settled(demo.client, DEMO, 4)
})

after(() => demo?.[Symbol.asyncDispose]())

test('all pairs of members answer in both families', { skip }, () => assertAllAnswer(demo.nodes, members))

for (const family of ['ipv4', 'ipv6'] as const) {
  test(`a megabyte arrives through the tunnel as it was sent, over ${family}`, { skip }, async () => {
    const [from, host] = [demo.lab.host('node-1'), demo.lab.host('node-2')]
    const to = { host, address: memberOf(members, host)[family] }
    const { sent, received } = await transfer(from, to, { bytes: 1_000_000, limit: 30_000 })
    assert.equal(sent.bytes, 1_000_000)
    assert.deepEqual(received, sent)
  })
}

test('a node listens for TCP nowhere: its agent only connects out', { skip }, async () => {
  assert.match(await listeners(demo.lab.host(CONTROLLER)), /:7443 /)
  for (const host of demo.nodes) assert.equal(await listeners(host), '', host.name)
})

test('nodes that keep their keys to themselves reach one another as well', { skip }, async () => {
  const network = await createNetwork(demo.client, { name: 'own', keyCustody: 'node' })
  for (const { name } of demo.nodes) {
    await demo.client.call('addMember', { path: { network: network.name }, body: { node: name } })
  }
  const own = await settled(demo.client, network.name, demo.nodes.length)
  await assertAllAnswer(demo.nodes, own)
  for (const host of demo.nodes) {
    const member = memberOf(own, host)
    const versions = Array.from({ length: VERSIONS }, (_, version) => version)
    const derived = versions.map((version) => identityOn(host).memberKey(network.id, version))
    const key = derived.find(({ publicKey }) => publicKey === member.publicKey)
    assert.ok(key, 'the key follows from the seed of the node')
    const tunnel = interfaceOf(network, member)
    assert.deepEqual(await privateKeyOn(host, tunnel), Buffer.from(key.privateKey.expose()))
    // Two networks of a node do not get into each other's way.
    assert.equal((await wireguardOf(host, tunnel)).listenPort, member.listenPort)
    assert.notEqual(member.listenPort, memberOf(members, host).listenPort)
  }
  await assertAllAnswer(demo.nodes, members)
})

function listeners(host: Host): Promise<string> {
  return host.exec('ss', ['--no-header', '--listening', '--tcp', '--numeric'])
}

/** What the agent of a host derives its own keys from. */
function identityOn({ dir }: Host): Identity {
  const seed = parseSeed(readFileSync(join(dir, 'state', 'identity.seed'), 'utf8'))
  assert.ok(seed)
  return new Identity(seed)
}
