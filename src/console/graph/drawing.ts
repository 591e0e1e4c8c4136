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
  | 'forbidden'
  | 'carried'

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
  readonly groups: Graph['groups']
  readonly apart: Graph['apart']
  /** The label by which members are grouped; undefined: each is drawn. */
  readonly by: string | undefined
  readonly view: View
  /** Names of relays that are no members, by id. */
  readonly outsiders: ReadonlyMap<string, string>
}

/** What is to be seen of a graph: pure, so that a test can compare it with what the controller says. */
export function drawingOf(scene: Scene): Drawing {
  const shown = new Map<string, GraphNode>()
  const matching = new Set<string>()
  const open = new Set(scene.view.open)
  for (const node of scene.nodes) {
    const group = groupOf(node, scene.by)
    if (nodeMatches(node, scene.view)) matching.add(group)
    if (scene.by === undefined || open.has(group)) shown.set(node.id, node)
  }
  const links = [...scene.links].filter(({ a, b }) => shown.has(a) && shown.has(b))
  const near = neighbourhood(scene.view, links)
  const carried = carriedBy(links)
  return {
    nodes: [
      ...[...shown.values()].map((node) => drawMember(node, scene, near, carried.get(node.id) ?? 0)),
      ...(scene.by === undefined ? [] : scene.groups).map((group) =>
        drawGroup(group, open.has(group.name), isSeeking(scene.view) && !matching.has(group.name)),
      ),
      ...outsidersOf(carried, shown, scene),
    ],
    edges: [
      ...links
        .filter((link) => linkMatches(link, scene.view))
        .map((link) => drawLink(link, scene.view, near)),
      ...(scene.by === undefined ? [] : scene.between.flatMap((pair) => drawBetween(pair, open, scene.view))),
      ...drawApart(scene, shown),
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

function isSeeking({ search, label, lagging }: View): boolean {
  return search !== '' || label !== '' || lagging
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

function drawGroup(
  { name, all, online }: Graph['groups'][number],
  isOpen: boolean,
  faded: boolean,
): DrawnNode {
  return {
    key: groupKey(name),
    label: `${name === '' ? '(no label)' : name} · ${online}/${all}`,
    kind: 'group',
    shape: 'circle',
    tone: isOpen ? 'outside' : online < all ? 'offline' : 'group',
    size: isOpen ? 4 : 10 + Math.min(24, Math.sqrt(all)),
    faded,
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
      width: 1.5 + Math.log10(1 + matches) * 0.7,
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

/** Pairs that no link joins, because the policy forbids it or others carry what they say. */
function drawApart({ apart, view }: Scene, shown: ReadonlyMap<string, GraphNode>): DrawnEdge[] {
  return apart
    .filter(({ a, b, why }) => view.apart.includes(why) && shown.has(a) && shown.has(b))
    .map(({ a, b, why }) => ({
      key: `${APART}${keyOf({ a, b })}`,
      source: a,
      target: b,
      tone: why,
      dashed: true,
      width: 1.4,
      faded: false,
    }))
}

const APART = 'apart:'

/** The two members that a line joins; undefined for one between groups. */
export function endsOf(key: string): readonly [string, string] | undefined {
  const [a, b, ...rest] = key.replace(APART, '').split(' ')
  return a === undefined || b === undefined || rest.length > 0 || key.startsWith('between:')
    ? undefined
    : [a, b]
}
