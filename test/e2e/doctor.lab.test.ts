import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { programFile } from '../../src/lab/program.ts'
import { skip } from '../wireguard/scene.ts'
import { DEMO, memberOf, openMesh, settled, stopInOrder } from './demo.ts'
import { assertAllAnswer } from './traffic.ts'
import { interfaceOf } from './tunnel.ts'

/** For one run of the command on a busy machine. */
const RUN_MS = 30_000

test('weft doctor finds all well on a node, and names what was taken from its interface', {
  skip,
}, async () => {
  await using demo = await openMesh({ nodes: 2 })
  const { client, lab, nodes, agents } = demo
  const members = await settled(client, DEMO, 2)
  await assertAllAnswer(nodes, members)
  const host = lab.host('node-1')
  const member = memberOf(members, host)
  const tunnel = interfaceOf(await client.call('showNetwork', { path: { network: DEMO } }), member)
  const command = [process.execPath, programFile(), 'doctor', '--state-dir', join(host.dir, 'state')] as const

  const well = await host.start('doctor', command)
  const [table] = await well.waitFor(/^ok +peers of demo +1 of 1 have shaken hands.*$/m, RUN_MS)
  assert.doesNotMatch(table, /fail/)
  await well.waitFor(/^ok +controller https:.* +It answers, with the pinned certificate\.$/m, RUN_MS)
  await well.waitFor(/^ok +clock /m, RUN_MS)

  // While its agent runs, it would put right what is done here.
  if (agents[0]) await stopInOrder(agents[0])
  await host.exec('ip', ['address', 'delete', `${member.ipv4}/32`, 'dev', tunnel])
  await host.exec('ip', ['link', 'set', 'dev', tunnel, 'down'])
  const ill = await host.start('second-doctor', command)
  await ill.waitFor(/^fail +interface of demo +wf\w+ is down\.$/m, RUN_MS)
  await ill.waitFor(new RegExp(`^fail +addresses of demo +Missing: ${member.ipv4}/32`, 'm'), RUN_MS)
  await ill.waitFor(/^ok +key of demo /m, RUN_MS)
})
