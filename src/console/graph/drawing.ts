import type { Graph } from '../../client/operations.ts'
import { linkMatches, nodeMatches } from './filter.ts'
import { keyOf, type LiveLink } from './model.ts'
import type { GraphNode, View } from './view.ts'

/** What a thing is, to be seen in its colour; the palette of the theme says in which. */
export type Tone =
  | 'lan'
  | 'direct'
  | 'punched'
  | 'relayed'
  | 'none'
  | 'stale'
  | 'down'
  | 'pending'
  | 'applied'
  | 'offline'
  | 'refused'
  | 'group'
  | 'outside'
  | 'added'
  | 'removed'
  | 'same'
  | 'apart'

export interface DrawnNode {
  readonly key: string
  readonly label: string
  readonly kind: 'member' | 'group' | 'relay'
  readonly shape: 'circle' | 'diamond' | 'square' | 'hexagon'
  readonly tone: Tone
  readonly size: number
  readonly faded: boolean
  readonly selected: boolean
  /** Where it belongs, so that it is placed there. */
  readonly group: string
}

export interface DrawnEdge {
  readonly key: string
  readonly source: string
  readonly target: string
  readonly tone: Tone
  readonly dashed: boolean
  readonly width: number
  readonly faded: boolean
}

export interface Drawing {
  readonly nodes: readonly DrawnNode[]
  readonly edges: readonly DrawnEdge[]
}

export interface Scene {
  readonly nodes: Iterable<GraphNode>
  readonly links: Iterable<LiveLink>
  readonly between: Graph['between']
  /** The label by which members are grouped; undefined: each is drawn. */
  readonly by: string | undefined
  readonly view: View
  /** Names of relays that are no members, by id. */
  readonly outsiders: ReadonlyMap<string, string>
}

/** What is to be seen of a graph: pure, so that a test can compare it with what the controller says. */
export function drawingOf(scene: Scene): Drawing {
  const shown = new Map<string, GraphNode>()
  const groups = new Map<string, GroupBook>()
  const open = new Set(scene.view.open)
  for (const node of scene.nodes) {
    const group = groupOf(node, scene.by)
    if (scene.by !== undefined) enter(groups, group, node)
    if (scene.by === undefined || open.has(group)) shown.set(node.id, node)
  }
  const links = [...scene.links].filter(({ a, b }) => shown.has(a) && shown.has(b))
  const near = neighbourhood(scene.view, links)
  const carried = carriedBy(links)
  return {
    nodes: [
      ...[...shown.values()].map((node) => drawMember(node, scene, near, carried.get(node.id) ?? 0)),
      ...[...groups].map(([name, book]) => drawGroup(name, book, open.has(name), scene.view)),
      ...outsidersOf(carried, shown, scene),
    ],
    edges: [
      ...links
        .filter((link) => linkMatches(link, scene.view))
        .map((link) => drawLink(link, scene.view, near)),
      ...(scene.by === undefined ? [] : scene.between.flatMap((pair) => drawBetween(pair, open, scene.view))),
      ...(scene.view.apart ? drawApart([...shown.keys()], links) : []),
    ],
  }
}

function groupKey(value: string): string {
  return `group:${value}`
}

/** The text of the label of a group, or undefined for the key of something else. */
export function groupNamed(key: string): string | undefined {
  return key.startsWith('group:') ? key.slice('group:'.length) : undefined
}

export function groupOf({ labels }: GraphNode, by: string | undefined): string {
  return by !== undefined && Object.hasOwn(labels, by) ? (labels[by] ?? '') : ''
}

interface GroupBook {
  members: number
  online: number
}

function enter(groups: Map<string, GroupBook>, name: string, node: GraphNode): void {
  const book = groups.get(name) ?? { members: 0, online: 0 }
  groups.set(name, book)
  book.members += 1
  if (node.online) book.online += 1
}

/** The selected and their neighbours; undefined: nothing is in focus. */
function neighbourhood(
  { selected, focus }: View,
  links: readonly LiveLink[],
): ReadonlySet<string> | undefined {
  if (selected.length === 0 || !(focus || selected.length > 0)) return undefined
  const near = new Set(selected)
  const isEnd = (id: string) => selected.includes(id)
  for (const { a, b, via } of links) {
    if (!isEnd(a) && !isEnd(b) && !(via !== null && isEnd(via))) continue
    near.add(a)
    near.add(b)
    if (via !== null) near.add(via)
  }
  return near
}

/** How many links each relay carries. */
function carriedBy(links: readonly LiveLink[]): ReadonlyMap<string, number> {
  const carried = new Map<string, number>()
  for (const { via, state } of links)
    if (via !== null && state === 'up') carried.set(via, (carried.get(via) ?? 0) + 1)
  return carried
}

function drawMember(
  node: GraphNode,
  { view, by }: Scene,
  near: ReadonlySet<string> | undefined,
  carried: number,
): DrawnNode {
  const isMatch = nodeMatches(node, view)
  const isFar = view.focus && near !== undefined && !near.has(node.id)
  return {
    key: node.id,
    label: node.name,
    kind: 'member',
    shape: shapeOf(node),
    tone: node.state,
    size: (node.roles.length > 0 ? 8 : 6) + Math.min(6, Math.sqrt(carried)),
    faded: !isMatch || isFar,
    selected: view.selected.includes(node.id),
    group: by === undefined ? (node.labels.site ?? '') : groupOf(node, by),
  }
}

function shapeOf({ roles }: GraphNode): DrawnNode['shape'] {
  if (roles.includes('relay')) return 'diamond'
  if (roles.includes('hub')) return 'square'
  return roles.includes('gateway') ? 'hexagon' : 'circle'
}

function drawGroup(name: string, { members, online }: GroupBook, isOpen: boolean, view: View): DrawnNode {
  return {
    key: groupKey(name),
    label: `${name === '' ? '(no label)' : name} · ${online}/${members}`,
    kind: 'group',
    shape: 'circle',
    tone: isOpen ? 'outside' : online < members ? 'offline' : 'group',
    size: isOpen ? 4 : 10 + Math.min(24, Math.sqrt(members)),
    faded: view.search !== '' || view.label !== '',
    selected: false,
    group: name,
  }
}

/** Relays carry links of networks that they are no members of. */
function outsidersOf(
  carried: ReadonlyMap<string, number>,
  shown: ReadonlyMap<string, GraphNode>,
  scene: Scene,
): DrawnNode[] {
  return [...carried]
    .filter(([id]) => !shown.has(id))
    .map(([id, links]) => ({
      key: id,
      label: scene.outsiders.get(id) ?? 'relay',
      kind: 'relay',
      shape: 'diamond',
      tone: 'outside',
      size: 7 + Math.min(6, Math.sqrt(links)),
      faded: false,
      selected: scene.view.selected.includes(id),
      group: '',
    }))
}

function drawLink(link: LiveLink, { selected }: View, near: ReadonlySet<string> | undefined): DrawnEdge {
  const { a, b, state, path, via } = link
  const touches = selected.includes(a) || selected.includes(b) || (via !== null && selected.includes(via))
  const isPair = selected.length === 2 && selected.includes(a) && selected.includes(b)
  return {
    key: keyOf(link),
    source: a,
    target: b,
    tone: state === 'up' ? path : state,
    dashed: state !== 'up',
    width: widthOf(link.rate) * (isPair ? 2 : 1),
    faded: near !== undefined && (selected.length === 2 ? !isPair : !touches),
  }
}

/** A hair for what is idle; ten times the traffic is as much wider each time. */
function widthOf(rate: number): number {
  return 1.8 + Math.max(0, Math.log10(1 + rate / 100)) * 1.2
}

function drawBetween(pair: Graph['between'][number], open: ReadonlySet<string>, view: View): DrawnEdge[] {
  if (pair.a === pair.b || (open.has(pair.a) && open.has(pair.b))) return []
  const matches = countMatching(pair, view)
  if (matches === 0) return []
  return [
    {
      key: `between:${JSON.stringify([pair.a, pair.b])}`,
      source: groupKey(pair.a),
      target: groupKey(pair.b),
      tone: toneOf(pair),
      dashed: pair.up === 0,
      width: 2 + Math.log10(1 + matches) * 1.6,
      faded: false,
    },
  ]
}

/** What most of the links are that are up; when none is, what they wait for. */
function toneOf(pair: Graph['between'][number]): Tone {
  if (pair.up === 0) return pair.stale > 0 ? 'stale' : pair.down > 0 ? 'down' : 'pending'
  const kinds = ['lan', 'direct', 'punched', 'relayed'] as const
  return kinds.reduce((best, kind) => (pair[kind] > pair[best] ? kind : best))
}

function countMatching(pair: Graph['between'][number], { states, paths }: View): number {
  const byState = states.length === 0 ? pair.links : states.reduce((sum, state) => sum + pair[state], 0)
  const byPath = paths.reduce((sum, kind) => sum + (kind === 'none' ? pair.links - pair.up : pair[kind]), 0)
  return paths.length === 0 ? byState : Math.min(byState, byPath)
}

/** Pairs up to which those without a link are drawn; more would be a grey square. */
const APART_LIMIT = 80

function drawApart(ids: readonly string[], links: readonly LiveLink[]): DrawnEdge[] {
  if (ids.length > APART_LIMIT) return []
  const joined = new Set(links.map(keyOf))
  return ids.flatMap((a, at) =>
    ids.slice(at + 1).flatMap((b) => {
      const key = keyOf({ a, b })
      if (joined.has(key)) return []
      return [
        {
          key: `apart:${key}`,
          source: a,
          target: b,
          tone: 'apart' as const,
          dashed: true,
          width: 1,
          faded: false,
        },
      ]
    }),
  )
}
