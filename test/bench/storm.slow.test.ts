import assert from 'node:assert/strict'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { NetworkId } from '../../src/model/names.ts'
import { startHelper } from './helper.ts'
import { now } from './scenario.ts'
import { BenchController } from './stage/controller.ts'
import { Crews } from './stage/crews.ts'
import { MESH, MESH_RANGE, settle } from './stage/population.ts'
import type { StrangerCalls } from './stage/stranger-process.ts'

const STRANGERS = fileURLToPath(new URL('stage/stranger-process.ts', import.meta.url))

const MEMBERS = 200
const VISITORS = 900
const NOBODIES = 300
/** Members that are added while the storm lasts, at most. */
const CHANGES = 300
const LIMIT_MS = 60_000

it('A storm of agents and of strangers starves none of those connected: they are told of changes while it lasts', async () => {
  await using population = await settle({
    nodes: MEMBERS + VISITORS + CHANGES,
    networks: [{ name: MESH, ipv4: MESH_RANGE, members: MEMBERS }],
  })
  await using controller = await BenchController.start(population)
  await using crews = await Crews.start(MEMBERS, 1)
  await using visitors = await Crews.start(VISITORS, 1)
  await using strangers = await startHelper<StrangerCalls>(STRANGERS)
  using client = controller.client()
  const { fingerprint, controllerKey } = population
  const enrolment = { urls: [controller.url], fingerprint, controllerKey }
  const { id } = await client.call('showNetwork', { path: { network: MESH } })
  await crews.enlist(enrolment, id as NetworkId)
  await controller.quiet()

  await strangers.call('begin', controller.port, NOBODIES)
  let isOver = false
  const began = now()
  const storm = visitors.visit(enrolment, MEMBERS).then(() => {
    isOver = true
    return now() - began
  })
  const took: number[] = []
  while (!isOver && took.length < CHANGES) {
    await controller.call('armForRegulars')
    const start = now()
    const node = `node-${MEMBERS + VISITORS + took.length}`
    await client.call('addMember', { path: { network: MESH }, body: { node } })
    took.push((await controller.call('allAcknowledged', LIMIT_MS)) - start)
  }
  const lasted = await storm
  const figures = `${took.length} changes in ${lasted} ms, the slowest took ${Math.max(...took)} ms`
  // Where those who knock come first, the first change is told when the last of them is in.
  assert.ok(took.length >= 6, figures)
  assert.ok(Math.max(...took) < Math.max(3_000, lasted / 3), figures)
  // Nobody lost a session, and everybody who proved who it is got one, among so many who did not.
  const { weft_agents_connected: connected } = await controller.call('metrics')
  assert.equal(connected, MEMBERS + VISITORS)
  assert.ok((await strangers.call('calls')) > NOBODIES)
})
