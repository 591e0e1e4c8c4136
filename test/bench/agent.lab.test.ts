import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { buildLab, type Lab } from '../../src/lab/lab.ts'
import { flat } from '../../src/lab/topology.ts'
import { uniqueId } from '../lab/leftovers.ts'
import { skip } from '../wireguard/scene.ts'
import { type Helper, startHelper } from './helper.ts'
import type { AgentCalls } from './stage/agent-process.ts'

const PROGRAM = fileURLToPath(new URL('stage/agent-process.ts', import.meta.url))
const PEERS = 1_000

let lab: Lab
let helper: Helper<AgentCalls>
let stateDir: string

before(async () => {
  if (skip) return
  lab = await buildLab(flat(1), { id: `a${uniqueId()}`, isolated: true })
  stateDir = await mkdtemp(join(tmpdir(), 'weft-agent-'))
  helper = await startHelper<AgentCalls>(PROGRAM, { namespace: lab.host('node-1').namespace ?? '' })
  await helper.call('prepare', PEERS, 'auto', stateDir)
})

after(async () => {
  if (skip) return
  await helper.call('end')
  await helper.kill()
  await lab[Symbol.asyncDispose]()
  await rm(stateDir, { recursive: true })
})

test('a thousand peers are brought in by a few program runs', { skip }, async () => {
  const { runs } = await helper.call('snapshot')
  // To make the interface; its key and port; its addresses and routes; the peers; whether it has its port; and no filter.
  assert.ok(runs <= 6, `${runs} program runs`)
})

test('nothing runs while nothing changes, and one peer more or less is one or two program runs', {
  skip,
}, async () => {
  assert.equal(await helper.call('runsAtRest', 2_000), 0)
  const { runs: adding } = await helper.call('addOne')
  const { runs: removing } = await helper.call('removeOne')
  assert.ok(adding >= 1 && adding <= 2, `${adding} program runs for one peer more`)
  assert.ok(removing >= 1 && removing <= 2, `${removing} program runs for one less`)
})

test('one peer more or less is two program runs at most also where a policy says what it may open', {
  skip,
}, async () => {
  const postgres = [{ first: 5_432, last: 5_432 }]
  const rule = { from: 'role=db', to: '*', protocols: ['tcp' as const], ports: postgres }
  await helper.call('still', true)
  await helper.call('limit', { default: 'allow', rules: [rule] })
  // In turn: the first that may open one port only, one that may open all, the second with that port; and each away again.
  for (const [more, labels] of [
    [1, { role: 'db' }],
    [2, {}],
    [3, { role: 'db' }],
  ] as const) {
    const { runs } = await helper.call('addOne', more, labels)
    assert.equal(runs, 2, `${runs} program runs for number ${more}`)
  }
  for (const more of [3, 2, 1]) {
    const { runs } = await helper.call('removeOne', more)
    assert.equal(runs, 2, `${runs} program runs for number ${more} less`)
  }
  await helper.call('still', false)
})
