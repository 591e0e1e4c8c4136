import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { CONTROLLER } from '../../src/lab/topology.ts'
import { startAgent } from '../../src/lab/weft.ts'
import { eventually } from '../rig.ts'
import { skip } from '../wireguard/scene.ts'
import { createToken, openDemo, RECORD, withEnvironment } from './demo.ts'

// What frames.ts looks at is there only where `ws` is a module of its own.
delete process.env.WEFT_PROGRAM

/** An own address of the node, beside the one that the lab gives it. */
const LATE = '198.18.0.200'
/** On two busy cores a start takes many times as long as alone. */
const START_MS = 60_000

test('an address that comes while the agent waits for the controller to answer is told as well', {
  skip,
}, async () => {
  await using demo = await openDemo({ nodes: 1 })
  const { client, lab } = demo
  const host = lab.host('node-1')
  const { addresses } = lab.host(CONTROLLER)
  // Packets to the controller go to a machine that is not there, in both families.
  for (const address of addresses)
    await host.exec('ip', [
      'neighbor',
      'replace',
      address,
      ...'dev eth0 nud permanent lladdr 02:00:00:00:00:01'.split(' '),
    ])
  const token = await createToken(client, [])
  const agent = await startAgent(withEnvironment(host, RECORD), { device: 'auto', token })
  const dials = async () => (await host.exec('ss', ['-Htn', 'state', 'syn-sent'])) !== ''
  await eventually('it dials', dials, START_MS)
  await host.exec('ip', ['address', 'add', `${LATE}/24`, 'dev', 'eth0'])
  for (const address of addresses) await host.exec('ip', ['neighbor', 'delete', address, 'dev', 'eth0'])
  await eventually('it is there', async () => (await client.list('listNodes')).length === 1, 20_000)
  await eventually('it is told', () => readFileSync(agent.stdout, 'utf8').includes(LATE), 20_000)
})
