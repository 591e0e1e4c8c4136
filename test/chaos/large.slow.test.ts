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

/** Milliseconds that 10,000 nodes may cost, besides those of an empty controller, most of which are the loading of its code. */
const LONGEST_SERVING = 1_000
/** Milliseconds for both, twice the goal, for the slowest of machines: neither counts what it had to wait for a core. */
const LONGEST_START = 2_000

describe('a controller of 10,000 nodes that is killed', () => {
  it('serves again at once, with all that it acknowledged', async () => {
    await using dir = await scratch()
    const token = await fill(dir.path)
    await using other = await scratch()
    const empty = await Life.begin(other.path, '')
    assert.ok(empty?.adminToken)
    await empty[Symbol.asyncDispose]()
    const [times, emptyTimes]: [Start[], Start[]] = [[], []]
    let made = 0
    for (let run = 0; run < runs(3, 20); run++) {
      // By turns, for how busy the machine is changes.
      await using beside = await Life.begin(other.path, '', empty.adminToken)
      assert.ok(beside)
      emptyTimes.push(beside)
      await beside[Symbol.asyncDispose]()
      const life = await Life.begin(dir.path, 'log-after-commit:10', token)
      assert.ok(life)
      await using here = life
      times.push(here)
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
    const [own, ownEmpty] = [times, emptyTimes].map((some) => median(some.map((one) => one.startedInRun)))
    assert.ok(own && ownEmpty)
    report('restart with 10,000 nodes', {
      runs: times.length,
      'ms until it served again, median': median(times.map(({ startedIn }) => startedIn)),
      'of an empty one': median(emptyTimes.map(({ startedIn }) => startedIn)),
      'ms without waiting for a core': own,
      'ms of an empty one': ownEmpty,
    })
    assert.ok(own - ownEmpty < LONGEST_SERVING, `${own} ms, and ${ownEmpty} ms of an empty one`)
    assert.ok(own < LONGEST_START, `${own} ms`)
  })
})

type Start = Pick<Life, 'startedIn' | 'startedInRun'>

function median(times: readonly number[]): number {
  return Math.round(times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0)
}

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
