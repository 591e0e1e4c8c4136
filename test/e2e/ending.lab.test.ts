import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Network } from '../../src/api/schemas/network.ts'
import type { Host } from '../../src/lab/host.ts'
import { programFile } from '../../src/lab/program.ts'
import { startAgent } from '../../src/lab/weft.ts'
import { hasSocket, skip, userspacesOn } from '../wireguard/scene.ts'
import {
  createNetwork,
  createToken,
  DEMO,
  memberOf,
  openDemo,
  settled,
  stopInOrder,
  withEnvironment,
} from './demo.ts'
import { assertAllAnswer } from './traffic.ts'
import { interfaceOf, tunnelsOn } from './tunnel.ts'

/** Where root's agents keep what they keep, unless they are told otherwise. */
const USUAL_STATE = '/var/lib/weft/agent'

test('at SIGTERM a run that may keep things leaves its tunnels up, and one that may not leaves nothing', {
  skip,
}, async () => {
  await using demo = await openDemo({ nodes: 4 })
  const { client, lab, nodes } = demo
  const network: Network = await createNetwork(client, { name: DEMO })
  const token = await createToken(client, [DEMO], 4)
  const [first, second, ephemeral, bare] = [1, 2, 3, 4].map((number) => lab.host(`node-${number}`))
  assert.ok(first && second && ephemeral && bare)
  const usualBefore = existsSync(USUAL_STATE) && readdirSync(USUAL_STATE, { recursive: true })
  const agents = [
    await startAgent(first, { device: 'auto', token }),
    await startAgent(second, { device: 'auto', token }),
    await startAgent(withEnvironment(ephemeral, { WEFT_EPHEMERAL: 'true' }), { device: 'auto', token }),
    await startTokenRun(bare, token),
  ]
  const members = await settled(client, DEMO, 4)
  await assertAllAnswer(nodes, members)
  await Promise.all(agents.map(stopInOrder))

  for (const host of [ephemeral, bare]) {
    assert.deepEqual(await tunnelsOn(host), [], host.name)
    assert.deepEqual(await userspacesOn(host), [], host.name)
    assert.ok(!hasSocket(interfaceOf(network, memberOf(members, host))), host.name)
    assert.deepEqual(filesOf(host), ['agent.log', 'agent.out'], host.name)
  }
  assert.deepEqual(existsSync(USUAL_STATE) && readdirSync(USUAL_STATE, { recursive: true }), usualBefore)
  for (const host of [first, second]) {
    assert.deepEqual(await tunnelsOn(host), [interfaceOf(network, memberOf(members, host))], host.name)
    assert.ok(filesOf(host).includes('identity.seed'), host.name)
  }
  await assertAllAnswer([first, second], members)
})

/** An agent that is given a token and no place to keep anything; all usual places lead into a folder of the host. */
async function startTokenRun(host: Host, token: string) {
  const folder = join(host.dir, 'places')
  mkdirSync(folder)
  const env = { WEFT_JOIN: token, HOME: folder, TMPDIR: folder, XDG_STATE_HOME: folder }
  return host.start('agent', [process.execPath, programFile(), 'agent', '--name', host.name], env)
}

/** Names of the files, at any depth, in the folder of a host. */
function filesOf({ dir }: Host): string[] {
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('ping-'))
    .map(({ name }) => name)
    .sort()
}
