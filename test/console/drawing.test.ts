import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Graph } from '../../src/api/schemas/graph.ts'
import { EventParser } from '../../src/client/sse.ts'
import { differenceOf, drawDifference } from '../../src/console/graph/difference.ts'
import { type Drawing, drawingOf, endsOf } from '../../src/console/graph/drawing.ts'
import { GraphModel, keyOf } from '../../src/console/graph/model.ts'
import { type Point, place } from '../../src/console/graph/placement.ts'
import {
  type GraphLink,
  type GraphNode,
  groupingOf,
  readView,
  type View,
} from '../../src/console/graph/view.ts'
import { groupsOf } from '../../src/controller/graph/groups.ts'

const NOTHING = {
  links: 0,
  up: 0,
  stale: 0,
  down: 0,
  pending: 0,
  lan: 0,
  direct: 0,
  punched: 0,
  relayed: 0,
  rxBytes: 0,
  txBytes: 0,
}

const node = (id: string, change: Partial<GraphNode> = {}): GraphNode => ({
  id,
  name: `node-${id}`,
  online: true,
  state: 'applied',
  roles: [],
  labels: {},
  ipv4: '10.64.1.1',
  ipv6: 'fd00::1',
  desiredRevision: 3,
  appliedRevision: 3,
  problems: [],
  ...change,
})

const link = (a: string, b: string, change: Partial<GraphLink> = {}): GraphLink => ({
  a,
  b,
  path: 'direct',
  via: null,
  reason: '',
  state: 'up',
  handshakeAgeSeconds: 3,
  rxBytes: 0,
  txBytes: 0,
  ...change,
})

function graph(nodes: readonly GraphNode[], links: readonly GraphLink[], change: Partial<Graph> = {}): Graph {
  const members = { all: nodes.length, online: nodes.length, applied: nodes.length, refused: 0 }
  return {
    network: 'net-x',
    epoch: 1,
    revision: 3,
    sequence: 9,
    observed: true,
    nodes: [...nodes],
    members,
    links: [...links],
    counts: { ...NOTHING, links: links.length },
    omitted: 0,
    between: [],
    groups: [],
    apart: [],
    ...change,
  }
}

function draw(of: Graph, query = '', by?: string): Drawing {
  const model = new GraphModel(of, 0)
  const view: View = readView(new URLSearchParams(query))
  const { between, apart } = of
  const groups = by === undefined ? [] : groupsOf(of.nodes, by)
  return drawingOf({
    nodes: model.nodes.values(),
    links: model.links.values(),
    between,
    groups,
    apart,
    by,
    view,
    outsiders: new Map([['r', 'relay-9']]),
  })
}

const distance = (one: Point | undefined, other: Point | undefined) =>
  Math.hypot((one?.x ?? 0) - (other?.x ?? 0), (one?.y ?? 0) - (other?.y ?? 0))

const find = ({ edges }: Drawing, a: string, b: string) => edges.find(({ key }) => key === keyOf({ a, b }))

describe('the drawing of a graph', () => {
  const nodes = [
    node('a'),
    node('b', { roles: ['relay'] }),
    node('c', { state: 'offline', online: false, labels: { rack: 'a1' } }),
  ]
  const links = [
    link('a', 'b'),
    link('a', 'c', { path: 'relayed', via: 'r' }),
    link('b', 'c', { state: 'down', path: 'none', handshakeAgeSeconds: null }),
  ]

  it('has each member and each link once, and tells their roles, states and paths', () => {
    const drawing = draw(graph(nodes, links))
    assert.deepEqual(
      drawing.nodes.map(({ key, shape, tone, kind }) => [key, shape, tone, kind]),
      [
        ['a', 'circle', 'applied', 'member'],
        ['b', 'diamond', 'applied', 'member'],
        ['c', 'circle', 'offline', 'member'],
        ['r', 'diamond', 'outside', 'relay'],
      ],
    )
    assert.equal(drawing.nodes.at(-1)?.label, 'relay-9')
    assert.deepEqual(
      drawing.edges.map(({ key, tone, dashed }) => [key, tone, dashed]),
      [
        ['a b', 'direct', false],
        ['a c', 'relayed', false],
        ['b c', 'down', true],
      ],
    )
  })

  it('draws wider what carries more', () => {
    const model = new GraphModel(graph(nodes, links), 0)
    const busy = link('a', 'b', { rxBytes: 30_000_000 })
    model.apply({ network: 'net-x', revision: 3, nodes: [], gone: [], links: [busy], more: false }, 15_000)
    assert.equal(model.links.get('a b')?.rate, 2_000_000)
    const { edges } = drawingOf({
      nodes: model.nodes.values(),
      links: model.links.values(),
      between: [],
      groups: [],
      apart: [],
      by: undefined,
      view: readView(new URLSearchParams()),
      outsiders: new Map(),
    })
    const [wide, narrow] = [edges[0]?.width ?? 0, edges[1]?.width ?? 0]
    assert.ok(wide > narrow * 2, `${wide} and ${narrow}`)
  })

  it('leaves out lines that the filter leaves out, and pales members that are not looked for', () => {
    assert.deepEqual(
      draw(graph(nodes, links), 'state=down').edges.map(({ key }) => key),
      ['b c'],
    )
    assert.deepEqual(
      draw(graph(nodes, links), 'path=relayed,direct').edges.map(({ key }) => key),
      ['a b', 'a c'],
    )
    const faded = (query: string) =>
      draw(graph(nodes, links), query)
        .nodes.filter((each) => each.faded)
        .map(({ key }) => key)
    assert.deepEqual(faded('q=NODE-A'), ['b', 'c'])
    assert.deepEqual(faded('label=rack%3Da1'), ['a', 'b'])
    assert.deepEqual(faded('lag=1'), ['a', 'b', 'c'])
    assert.deepEqual(faded('q=relay'), ['a', 'c'])
  })

  it('puts the selected in front: its own links, or only the one between two', () => {
    const faded = (query: string) =>
      draw(graph(nodes, links), query)
        .edges.filter((each) => each.faded)
        .map(({ key }) => key)
    assert.deepEqual(faded('sel=a'), ['b c'])
    assert.deepEqual(faded('sel=a,c'), ['a b', 'b c'])
    assert.deepEqual(faded('sel=r'), ['a b', 'b c'])
    assert.deepEqual(
      draw(graph([...nodes, node('d')], links), 'sel=b&focus').nodes.find(({ key }) => key === 'd')?.faded,
      true,
    )
  })

  it('shows pairs that no link joins when asked', () => {
    const apart: Graph['apart'] = [
      { a: 'a', b: 'c', why: 'forbidden' },
      { a: 'b', b: 'c', why: 'carried' },
      { a: 'a', b: 'x', why: 'forbidden' },
    ]
    const drawn = (query: string) =>
      draw(graph(nodes, [link('a', 'b')], { apart }), query)
        .edges.filter(({ key }) => key.startsWith('apart:'))
        .map(({ key, tone, dashed }) => [key, tone, dashed])
    assert.deepEqual(drawn(''), [])
    assert.deepEqual(drawn('apart=forbidden'), [['apart:a c', 'forbidden', true]])
    assert.deepEqual(drawn('apart=forbidden,carried'), [
      ['apart:a c', 'forbidden', true],
      ['apart:b c', 'carried', true],
    ])
    assert.deepEqual(endsOf('apart:a c'), ['a', 'c'])
    assert.deepEqual(endsOf('a c'), ['a', 'c'])
    assert.equal(endsOf('between:["a b","c"]'), undefined)
  })

  it('groups by a label whatever it holds, and opens one group without the others', () => {
    const odd = '"; <b>'
    const grouped = [node('a', { labels: { site: odd } }), node('b', { labels: { site: odd } }), node('c')]
    const between = [
      { a: '', b: odd, ...NOTHING, links: 2, up: 2, relayed: 2 },
      { a: odd, b: odd, ...NOTHING, links: 1, up: 1, lan: 1 },
    ]
    const closed = draw(graph(grouped, [], { between }), '', 'site')
    assert.deepEqual(
      closed.nodes.map(({ label }) => label),
      ['(no label) · 1/1', `${odd} · 2/2`],
    )
    assert.deepEqual(
      closed.edges.map(({ tone }) => tone),
      ['relayed'],
    )
    const query = new URLSearchParams({ open: JSON.stringify([odd]) }).toString()
    const open = draw(graph(grouped, [link('a', 'b')], { between }), query, 'site')
    assert.deepEqual(
      open.nodes.filter(({ kind }) => kind === 'member').map(({ key }) => key),
      ['a', 'b'],
    )
    assert.ok(find(open, 'a', 'b'))
  })

  it('pales groups in which nobody is who is looked for', () => {
    const sites = [node('a', { labels: { site: 'x' } }), node('b', { labels: { site: 'y' } })]
    const drawn = draw(graph(sites, []), 'q=node-b', 'site')
    assert.deepEqual(
      drawn.nodes.map(({ key, faded }) => [key, faded]),
      [
        ['group:x', true],
        ['group:y', false],
      ],
    )
  })

  it('places groups and the members of open ones the same each time, and each group on ground of its own', () => {
    const sites = Array.from({ length: 60 }, (_, at) => node(`n${at}`, { labels: { site: `s${at % 20}` } }))
    const query = new URLSearchParams({ open: JSON.stringify(['s3', 's4']) }).toString()
    const closed = place(draw(graph(sites, []), '', 'site').nodes, new Map())
    const open = draw(graph(sites, []), query, 'site').nodes
    const opened = place(open, closed)
    for (const [key, point] of closed) assert.deepEqual(opened.get(key), point, `${key} stays`)
    assert.deepEqual(place(open, closed), opened)
    const groups = [...opened].filter(([key]) => key.startsWith('group:'))
    for (const { key, kind, group } of open) {
      if (kind !== 'member') continue
      const from = opened.get(key)
      const nearest = groups.toSorted(([, one], [, other]) => distance(from, one) - distance(from, other))[0]
      assert.equal(nearest?.[0], `group:${group}`)
    }
  })

  it('is grouped from 200 members on unless somebody wants it otherwise', () => {
    const view = (query: string) => readView(new URLSearchParams(query))
    assert.deepEqual(
      [
        groupingOf(view(''), 200),
        groupingOf(view(''), 201),
        groupingOf(view('by=-'), 9_999),
        groupingOf(view('by=rack'), 3),
      ],
      [undefined, 'site', undefined, 'rack'],
    )
  })

  it('shows what came and went between two revisions', () => {
    const before = graph([node('a'), node('b')], [link('a', 'b')], { revision: 2 })
    const after = graph([node('a', { roles: ['relay'] }), node('c')], [link('a', 'c')])
    const { nodes: members, links: lines } = differenceOf(before, after)
    const ids = (list: readonly GraphNode[]) => list.map(({ id }) => id).join()
    assert.deepEqual([ids(members.added), ids(members.removed), ids(members.changed)], ['c', 'b', 'a'])
    assert.deepEqual([lines.added.length, lines.removed.length, lines.same], [1, 1, 0])
    const tones = new Map(drawDifference(before, after, []).nodes.map(({ key, tone }) => [key, tone]))
    assert.deepEqual([tones.get('a'), tones.get('b'), tones.get('c')], ['same', 'removed', 'added'])
  })
})

describe('the model behind it', () => {
  it('counts what the controller counts, from the links it has', () => {
    const model = new GraphModel(
      graph([node('a'), node('b'), node('c')], [link('a', 'b'), link('a', 'c', { state: 'stale' })]),
      0,
    )
    assert.deepEqual(model.counts(), { ...NOTHING, links: 2, up: 1, stale: 1, direct: 1 })
    const other = { ...NOTHING, links: 9 }
    assert.equal(new GraphModel(graph([], [], { omitted: 9, counts: other }), 0).counts(), other)
  })

  it('holds no more after an hour of updates, with members that come and go, than at its start', () => {
    const ids = Array.from({ length: 60 }, (_, at) => `n${String(at).padStart(3, '0')}`)
    const all = ids.flatMap((a, at) => ids.slice(at + 1).map((b) => link(a, b)))
    const model = new GraphModel(
      graph(
        ids.map((id) => node(id)),
        all,
      ),
      0,
    )
    for (let second = 1; second <= 3_600; second++) {
      const guest = `guest-${second}`
      const links = all
        .slice((second * 7) % 1_700, ((second * 7) % 1_700) + 20)
        .map((each) => ({ ...each, rxBytes: second * 100 }))
      const gone = second > 3 ? [`guest-${second - 3}`] : []
      const newcomers = [node(guest)]
      const patch = {
        network: 'net-x',
        revision: second,
        nodes: newcomers,
        gone,
        links: [...links, link(guest, 'n000')],
        more: false,
      }
      model.apply(patch, second * 1_000)
    }
    assert.deepEqual([model.nodes.size, model.links.size], [63, all.length + 3])
    const late = model.links.size
    model.apply(
      { network: 'net-x', revision: 9, nodes: [], gone: [], links: [link('ghost', 'n000')], more: false },
      0,
    )
    assert.equal(model.links.size, late, 'a link of nobody is not taken')
  })
})

describe('places of nodes', () => {
  it('are the same each time, near their group, and do not move when others come', () => {
    const { nodes } = draw(
      graph(
        [
          node('a', { labels: { site: 'x' } }),
          node('b', { labels: { site: 'x' } }),
          node('c', { labels: { site: 'y' } }),
        ],
        [],
      ),
    )
    const first = place(nodes, new Map())
    assert.deepEqual(place(nodes, new Map()), first)
    const distance = (a: string, b: string) => {
      const [p, q] = [first.get(a), first.get(b)]
      assert.ok(p && q)
      return Math.hypot(p.x - q.x, p.y - q.y)
    }
    assert.ok(distance('a', 'b') < distance('a', 'c'))
    const more = draw(graph([node('a'), node('b'), node('c'), node('d')], [])).nodes
    const then = place(more, first)
    for (const key of ['a', 'b', 'c']) assert.deepEqual(then.get(key), first.get(key))
  })
})

describe('server-sent events', () => {
  it('are put together wherever the pieces end', () => {
    const text = 'event: hello\ndata: {}\n\n:\n\nid: 7\nevent: change\ndata: {"a":1}\n\n'
    for (let cut = 0; cut <= text.length; cut++) {
      const parser = new EventParser()
      const events = [...parser.take(text.slice(0, cut)), ...parser.take(text.slice(cut))]
      assert.deepEqual(events, [
        { id: undefined, event: 'hello', data: '{}' },
        { id: '7', event: 'change', data: '{"a":1}' },
      ])
    }
  })
})
