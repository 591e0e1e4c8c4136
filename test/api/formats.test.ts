import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Graph } from '../../src/api/schemas/graph.ts'
import { toDot } from '../../src/api/views/formats/dot.ts'
import { toGraphml } from '../../src/api/views/formats/graphml.ts'
import { toMermaid } from '../../src/api/views/formats/mermaid.ts'

const node = (id: string, name: string, roles: Graph['nodes'][number]['roles'] = []) => ({
  id,
  name,
  online: true,
  state: 'applied' as const,
  roles,
  labels: {},
  ipv4: '10.64.1.1',
  ipv6: 'fd00::1',
  desiredRevision: 3,
  appliedRevision: 3,
  problems: [],
})

function graph(reason: string): Graph {
  const counts = { links: 2, up: 1, stale: 0, down: 1, pending: 0, lan: 0, direct: 0, punched: 0, relayed: 1 }
  const link = { handshakeAgeSeconds: 4, rxBytes: 1, txBytes: 2, reason }
  return {
    network: 'net-x',
    epoch: 1,
    revision: 3,
    sequence: 9,
    observed: true,
    nodes: [node('aa', 'web-1'), node('bb', 'db-1'), node('cc', 'relay', ['relay'])],
    links: [
      { a: 'aa', b: 'bb', path: 'relayed', via: 'cc', state: 'up', ...link },
      { a: 'aa', b: 'cc', path: 'none', via: null, state: 'down', ...link, handshakeAgeSeconds: null },
    ],
    members: { all: 3, online: 3, applied: 3, refused: 0 },
    counts: { ...counts, rxBytes: 0, txBytes: 0 },
    omitted: 0,
    between: [],
    groups: [],
    apart: [],
  }
}

describe('a graph as text', () => {
  it('is DOT with a vertex a member and an edge a link', () => {
    const text = toDot(graph('why'))
    assert.match(text, /^graph "net-x" \{\n/)
    assert.match(text, /"cc" \[label="relay \(relay\)\\n10\.64\.1\.1", shape=box\];/)
    assert.match(text, /"aa" -- "bb" \[label="relayed via relay", style=solid\];/)
    assert.match(text, /"aa" -- "cc" \[label="down, none", style=dotted/)
    assert.equal(text.match(/ -- /g)?.length, 2)
  })

  it('is Mermaid with the same', () => {
    const lines = toMermaid(graph('why')).trimEnd().split('\n')
    assert.deepEqual(lines, [
      'flowchart LR',
      '  n0("web-1 10.64.1.1")',
      '  n1("db-1 10.64.1.1")',
      '  n2{{"relay (relay) 10.64.1.1"}}',
      '  n0 ---|"relayed via relay"| n1',
      '  n0 -.-|"down, none"| n2',
    ])
  })

  it('is GraphML in which every value is declared', () => {
    const text = toGraphml(graph('why'))
    const declared = new Set([...text.matchAll(/<key id="(\w+)"/g)].map(([, id]) => id))
    const used = new Set([...text.matchAll(/<data key="(\w+)"/g)].map(([, id]) => id))
    assert.ok(used.size > 10)
    for (const key of used) assert.ok(declared.has(key), key)
    assert.equal(declared.size, text.match(/<key /g)?.length)
    assert.match(text, /<edge source="aa" target="bb"><data key="path">relayed<\/data>/)
  })

  it('cannot be broken out of by what an agent says', () => {
    const hostile = graph('</data></edge><evil/>"];\nevil -- evil [x="\u0000')
    const [first] = hostile.nodes
    assert.ok(first)
    first.name = 'a"]; evil -- evil; <script>alert(1)</script> \\'
    const xml = toGraphml(hostile)
    assert.ok(!xml.includes('<evil/>') && !xml.includes('<script>') && !xml.includes('\u0000'))
    assert.ok(
      toDot(hostile).includes('label="a\\"]; evil -- evil; <script>alert(1)</script> \\\\\\n10.64.1.1"'),
    )
    const mermaid = toMermaid(hostile)
    assert.ok(!/[<>;]/.test(mermaid.replaceAll(/#\d+;/g, '')))
  })
})
