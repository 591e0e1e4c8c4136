import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pino } from 'pino'
import { parseCidr } from '../../src/address/cidr.ts'
import { systemClock } from '../../src/clock.ts'
import { openController } from '../../src/controller/open.ts'
import { controllerSettings } from '../../src/controller/settings.ts'
import { systemRandom } from '../../src/keys/random.ts'
import type { Event } from '../../src/model/event.ts'
import { DEFAULT_PROJECT } from '../../src/model/names.ts'
import { loadSettings } from '../../src/settings.ts'
import { scratch } from '../log/fixture.ts'
import { networkId, nodeId, publicKey, verifyKey } from '../model/history.ts'
import { Life } from './life.ts'
import { report, runs } from './runs.ts'

const NODES = 10_000
const CHANGES = 50

describe('a controller of 10,000 nodes that is killed', () => {
  it('serves again at once, with all that it acknowledged', async () => {
    await using dir = await scratch()
    const token = await fill(dir.path)
    const times: number[] = []
    let made = 0
    for (let run = 0; run < runs(2, 20); run++) {
      const life = await Life.begin(dir.path, 'log-after-commit:10', token)
      assert.ok(life)
      await using here = life
      times.push(here.startedIn)
      const { body } = await here.ask('GET', '/v1/networks?limit=1000')
      assert.ok(Array.isArray(body.items) && body.items.length >= made)
      const { status } = await here.ask('GET', '/v1/networks/large/members?limit=1')
      assert.equal(status, 200)
      made = body.items.length
      for (let change = 0; change < CHANGES; change++) {
        const name = `r${run}-${change}`
        const range = { ipv4: `172.16.${run}.${change * 4}/30`, nodePrefixLength: 32 }
        const answer = await here.ask('POST', '/v1/networks', { name, ...range }).catch(() => undefined)
        if (!answer) break
        assert.equal(answer.status, 201)
        made++
      }
      assert.equal(await here.ended, 'SIGKILL')
    }
    const sorted = times.toSorted((a, b) => a - b)
    report('restart with 10,000 nodes', {
      runs: times.length,
      'ms until it served again, median': Math.round(sorted[sorted.length >> 1] ?? 0),
      'ms at most': Math.round(sorted.at(-1) ?? 0),
    })
    assert.ok((sorted[0] ?? 0) < 10_000)
  })
})

/** A closed log of a controller with so many nodes in one network; its admin token. */
async function fill(dataDir: string): Promise<string> {
  const settings = { ...loadSettings(controllerSettings, { environment: {}, flags: {} }), dataDir }
  const tools = { clock: systemClock, random: systemRandom, log: pino({ level: 'silent' }) }
  await using controller = await openController(settings, tools)
  const token = controller.firstAdminToken
  assert.ok(token)
  const network = networkId(1)
  const events: Event[] = [created()]
  for (let index = 0; index < NODES; index++) {
    const node = nodeId(index)
    const keys = { publicKey: verifyKey(index), sealingKey: publicKey(index) }
    const own = { project: DEFAULT_PROJECT, name: `node-${index}`, labels: {} }
    events.push({ type: 'node-enrolled', at: 1, id: node, ...own, ...keys })
    const sealed = { keyVersion: index + 2, publicKey: publicKey(NODES + index), sealedKey: 'c2VhbGVk' }
    events.push({ type: 'member-added', network, node, at: 1, slot: index + 1, ...sealed })
  }
  await controller.change({ actor: 'test' }, () => ({ events, result: undefined }))
  return Buffer.from(token.expose()).toString()
}

function created(): Event {
  return {
    type: 'network-created',
    at: 1,
    id: networkId(1),
    name: 'large',
    project: DEFAULT_PROJECT,
    ipv4: parseCidr('10.0.0.0/8'),
    ipv6: parseCidr('fd00:1::/48'),
    nodePrefixLength: 24,
    topology: 'mesh',
    keyCustody: 'controller',
  }
}
