import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Daemon } from '../../src/lab/daemon.ts'
import type { Host } from '../../src/lab/host.ts'
import { programFile } from '../../src/lab/program.ts'
import { CONTROLLER } from '../../src/lab/topology.ts'
import { startAgent } from '../../src/lab/weft.ts'
import { skip } from '../wireguard/scene.ts'
import {
  createNetwork,
  createToken,
  DEMO,
  type Demo,
  openDemo,
  RECORD,
  settled,
  stopInOrder,
  withEnvironment,
} from './demo.ts'
import { controllerSecrets, joinSecrets, nodeSecrets, textSecrets } from './keyring.ts'
import { findSecrets, type Secret } from './search.ts'
import { assertAllAnswer } from './traffic.ts'
import { privateKeyOn, tunnelsOn } from './tunnel.ts'

// What frames.ts looks at is there only where `ws` is a module of its own.
delete process.env.WEFT_PROGRAM

const OWN = 'own'

/** Where a secret has to be, as `SECRET in FILE`: with its one keeper, and where it is shown once to prove a right. */
const EXPECTED = [
  'admin token in controller/controller.out',
  'wrapping key in controller/data/wrapping.key',
  ...['node-1', 'node-2', 'node-3'].flatMap((node) => [
    `seed of ${node} in ${node}/state/identity.seed`,
    `join token in ${node}/agent.out`,
  ]),
  'second join token in node-1/agent.out',
  'join token in node-1/stranger.out',
]

test('no secret is in the store, a log line, a journal, an answer or a frame, but where it has to be', {
  skip,
}, async () => {
  await using demo = await openDemo({ nodes: 3, env: RECORD })
  const { lab, nodes, controller } = demo
  const secrets = await liveThrough(demo)
  secrets.push(...controllerSecrets(lab.host(CONTROLLER)), ...nodes.flatMap(nodeSecrets))
  // 6 interfaces, and 2 of them once more with another key.
  assert.equal(new Set(secrets.filter(isMemberKey).map(({ name }) => name)).size, 8)
  assert.match(readFileSync(controller.daemon.stdout, 'utf8'), /"type":"snapshot".*"records"/)
  const found = () => new Set(findSecrets(lab.dir, secrets).map(({ secret, file }) => `${secret} in ${file}`))
  assert.deepEqual(found(), new Set(EXPECTED))
  await stopInOrder(demo.controller.daemon)
  assert.deepEqual(found(), new Set(EXPECTED))
})

/** All that happens in the life of networks, keys and tokens; gives the secrets that it brought about. */
async function liveThrough(demo: Demo): Promise<Secret[]> {
  const { client, lab, nodes, adminToken } = demo
  await createNetwork(client, { name: DEMO })
  await createNetwork(client, { name: OWN, keyCustody: 'node' })
  const token = await createToken(client, [DEMO, OWN], nodes.length)
  const [agent] = await Promise.all(nodes.map((host) => startRecorded(host, token)))
  await settled(client, OWN, 3)
  await assertAllAnswer(nodes, await settled(client, DEMO, 3))
  const before = await memberKeys(nodes)
  for (const network of [DEMO, OWN]) await renew(demo, network, 'node-2')

  await demo.killController()
  await demo.startController()
  if (agent) await stopInOrder(agent)
  const second = await createToken(client, [])
  await startRecorded(lab.host('node-1'), second)
  await provokeErrors(demo, token)
  await assertAllAnswer(nodes, await settled(client, DEMO, 3))
  writeFileSync(join(lab.dir, 'answers'), JSON.stringify(await answersOf(demo)))
  return [
    ...textSecrets('admin token', adminToken.replace(/^weft_/, '')),
    ...joinSecrets('join token', token),
    ...joinSecrets('second join token', second),
    ...before,
    ...(await memberKeys(nodes)),
  ]
}

function startRecorded(host: Host, token: string): Promise<Daemon> {
  return startAgent(withEnvironment(host, RECORD), { device: 'auto', token })
}

const MEMBER_KEY = 'member key'

function isMemberKey({ name }: Secret): boolean {
  return name.startsWith(MEMBER_KEY)
}

/** The private keys of all tunnels, as WireGuard has them at the moment; a name for each key. */
async function memberKeys(hosts: readonly Host[]): Promise<Secret[]> {
  const keys = await Promise.all(
    hosts.map(async (host) => {
      const tunnels = await tunnelsOn(host)
      return Promise.all(tunnels.map((tunnel) => privateKeyOn(host, tunnel)))
    }),
  )
  return keys.flat().map((bytes) => ({ name: `${MEMBER_KEY} ${fingerprintOf(bytes)}`, bytes }))
}

/** Tells keys apart without telling them. */
function fingerprintOf(key: Uint8Array): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 12)
}

/** Takes a member out and in again, which makes a new key. */
async function renew({ client }: Demo, network: string, node: string): Promise<void> {
  await client.call('removeMember', { path: { network, node } })
  await settled(client, network, 2)
  await client.call('addMember', { path: { network }, body: { node } })
  await settled(client, network, 3)
}

/** Errors are where secrets slip out: a token that is spent, and one that is given where it does not belong. */
async function provokeErrors({ client, lab }: Demo, token: string): Promise<void> {
  const stranger = [process.execPath, programFile(), 'agent', '--device', 'memory'] as const
  const late = await lab.host('node-1').start('stranger', stranger, { ...RECORD, WEFT_JOIN: token })
  await assert.rejects(late.waitFor(/never/, 10_000), { message: /used up/ })
  const path = { network: DEMO }
  const misplaced = { node: 'node-1', token }
  for (const call of [
    () => client.call('createNetwork', { body: { name: token } }),
    () => client.call('createToken', { body: { networks: [token] } }),
    () => client.call('addMember', { path, body: { node: token } }),
    () => client.call('addMember', { path, body: misplaced }),
  ]) {
    await assert.rejects(call(), /./)
  }
}

/** What the API shows of all that there is. */
function answersOf({ client }: Demo): Promise<unknown[]> {
  const parts = [DEMO, OWN].flatMap((network) => [
    client.call('showNetwork', { path: { network } }),
    client.call('listMembers', { path: { network } }),
    client.call('showGraph', { path: { network } }),
  ])
  const lists = [client.call('listNodes'), client.call('listTokens'), client.call('listNetworks')]
  return Promise.all([...lists, ...parts])
}
