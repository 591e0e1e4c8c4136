import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Graph } from '../../src/api/schemas/graph.ts'
import { perSecond, topScreen } from '../../src/cli/top/screen.ts'
import { RawAgent } from '../rawagent.ts'
import { ControllerProcess } from './fixture.ts'

describe('weft graph and top', () => {
  let controller: ControllerProcess
  const agents: RawAgent[] = []
  before(async () => {
    controller = await ControllerProcess.start()
    await done('network', 'create', 'demo')
    for (const name of ['db-1', 'web-1']) {
      const { token } = JSON.parse(await done('token', 'create', '--network', 'demo', '--json'))
      agents.push(await RawAgent.join(token, { name, facts: { addresses: ['203.0.113.1/24'] } }))
    }
  })
  after(async () => {
    for (const agent of agents) agent[Symbol.dispose]()
    await controller[Symbol.asyncDispose]()
  })

  const done = async (...args: string[]) => {
    const { code, stdout, stderr } = await controller.weft(...args)
    assert.deepEqual([code, stderr], [0, ''], args.join(' '))
    return stdout
  }

  const beginnings = {
    table: /^NODE +ONLINE/,
    tree: /^db-1 \(online\) 10\.64\.\S+ fd\S+\n└─ web-1: pending, /,
    dot: /^graph "net-/,
    mermaid: /^graph|^flowchart/m,
    graphml: /^<\?xml/,
    json: /^\{\n {2}"network": "net-/,
    svg: /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/,
  }
  for (const [format, beginning] of Object.entries(beginnings)) {
    it(`shows the graph as ${format}, with both members in it`, async () => {
      const text = await done('graph', 'demo', '--format', format)
      assert.match(text, beginning)
      for (const name of ['db-1', 'web-1']) assert.ok(text.includes(name), name)
    })
  }

  it('shows the graph of an earlier revision', async () => {
    const then = JSON.parse(await done('graph', 'demo', '--revision', '2', '--json'))
    assert.deepEqual([then.revision, then.nodes.length, then.observed], [2, 1, false])
  })

  it('refuses a format that there is not, and says which there are', async () => {
    const { code, stderr } = await controller.weft('graph', 'demo', '--format', 'png')
    assert.deepEqual([code, /table, tree, dot/.test(stderr)], [2, true])
  })

  it('looks as often as it is told to, with a line for each link', async () => {
    const text = await done('top', 'demo', '--looks', '2', '--interval', '1')
    assert.equal(text.match(/^demo, revision 3, 2\/2 online; 1 links: /gm)?.length, 2)
    assert.equal(text.match(/^db-1 - web-1 +pending +/gm)?.length ?? text.match(/ - .* pending /g)?.length, 2)
  })
})

const COUNTS = { links: 3, up: 2, stale: 0, down: 1, pending: 0, lan: 0, direct: 2, punched: 0, relayed: 0 }

function look(at: number, bytes: readonly number[]) {
  const links = bytes.map((rxBytes, number) => ({
    a: 'a',
    b: `b${number}`,
    path: 'direct' as const,
    via: null,
    reason: '',
    state: number === 2 ? ('down' as const) : ('up' as const),
    handshakeAgeSeconds: 1,
    rxBytes,
    txBytes: 0,
  }))
  const graph: Graph = {
    network: 'net-1',
    epoch: 1,
    revision: 4,
    sequence: 9,
    observed: true,
    nodes: [],
    members: { all: 0, online: 0, applied: 0, refused: 0 },
    links,
    counts: { ...COUNTS, rxBytes: 0, txBytes: 0 },
    omitted: 0,
    between: [],
    groups: [],
    apart: [],
  }
  return { graph, at }
}

describe('the screen of weft top', () => {
  const linesOf = (text: string) => text.split('\n').flatMap((line) => line.match(/a - b\d/)?.[0] ?? [])

  it('has what is down first, then the busiest since the last look', () => {
    const text = topScreen('demo', look(3_000, [100, 5_000, 0]), look(1_000, [0, 1_000, 0]), new Map(), 40)
    assert.deepEqual(linesOf(text), ['a - b2', 'a - b1', 'a - b0'])
    assert.match(text, /a - b1 +up +direct +1 +2\.0 kB +0 B$/m)
  })

  it('shows no rate at the first look, and none below zero when an interface began anew', () => {
    assert.match(
      topScreen('demo', look(1, [1, 1, 1]), undefined, new Map(), 40),
      /a - b0 +up +direct +1 +- +-$/m,
    )
    const text = topScreen('demo', look(2_000, [0, 0, 0]), look(1_000, [9, 9, 9]), new Map(), 40)
    assert.match(text, /a - b0 +up +direct +1 +0 B +0 B$/m)
  })

  it('fits the terminal, and says how many links it leaves out', () => {
    const text = topScreen('demo', look(1, [1, 1, 1]), undefined, new Map(), 6)
    assert.deepEqual([linesOf(text).length, /^1 more$/m.test(text)], [2, true])
  })

  it('writes bytes with three digits', () => {
    assert.deepEqual([0, 999, 12_345, 2e9].map(perSecond), ['0 B', '999 B', '12.3 kB', '2.0 GB'])
  })
})
