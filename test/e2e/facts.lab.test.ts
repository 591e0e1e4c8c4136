import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { Node } from '../../src/api/schemas/node.ts'
import { path } from '../../src/cli/client.ts'
import { namespaceOf } from '../../src/lab/namespaces.ts'
import { startAgent } from '../../src/lab/weft.ts'
import { run } from '../../src/wireguard/run.ts'
import { eventually } from '../rig.ts'
import { skip } from '../wireguard/scene.ts'
import { createToken, openDemo, RECORD, withEnvironment } from './demo.ts'

/** An own address of the node, beside the one that the lab gives it. */
const LATE = '198.18.0.200'

test('an address that comes while the agent waits for the controller to answer is told as well', {
  skip,
}, async () => {
  await using demo = await openDemo({ nodes: 1 })
  const { client, lab } = demo
  const host = lab.host('node-1')
  const plug = (state: 'up' | 'down') =>
    run('ip', ['-n', namespaceOf(lab.id, 'switch'), 'link', 'set', 'node-1.0', state])
  await plug('down')
  const token = await createToken(client, [])
  const agent = await startAgent(withEnvironment(host, RECORD), { device: 'auto', token })
  await eventually('it dials', async () => (await host.exec('ss', ['-Htn', 'state', 'syn-sent'])) !== '')
  await host.exec('ip', ['address', 'add', `${LATE}/24`, 'dev', 'eth0'])
  await wait(100)
  await plug('up')
  await eventually('it is there', async () => (await client.get<Node>(path`/v1/nodes/node-1`)).online, 20_000)
  assert.ok(await eventually('it is told', () => readFileSync(agent.stdout, 'utf8').includes(LATE)))
})
