import type { DrawnEdge, DrawnNode } from './drawing.ts'

export interface Point {
  readonly x: number
  readonly y: number
}

/** What the layout is asked: indices instead of keys, so that it can be handed to a worker. */
export interface LayoutTask {
  readonly x: Float64Array
  readonly y: Float64Array
  readonly sizes: Float64Array
  readonly fixed: Uint8Array
  readonly sources: Uint32Array
  readonly targets: Uint32Array
  readonly weights: Float64Array
}

/** Radius of the circle on which groups begin, and of a group with one node. */
const FIELD = 100
const SPREAD = 14

/** Where each node begins: at its place if it has one, else near its group, the same each time. */
export function place(nodes: readonly DrawnNode[], known: ReadonlyMap<string, Point>): Map<string, Point> {
  if (isGrouped(nodes)) return placeGrouped(nodes, known)
  const groups = [...new Set(nodes.map(({ group }) => group))].sort()
  const sizes = new Map<string, number>()
  for (const { group } of nodes) sizes.set(group, (sizes.get(group) ?? 0) + 1)
  const centres = new Map(
    groups.map((group, at) => [group, centreOf(group, at, groups.length, nodes, known)]),
  )
  return new Map(
    nodes.map(({ key, group }) => {
      const centre = centres.get(group) ?? { x: 0, y: 0 }
      const spread = groups.length === 1 ? FIELD : SPREAD * Math.sqrt(sizes.get(group) ?? 1)
      return [key, known.get(key) ?? scatter(centre, key, spread)]
    }),
  )
}

/** Whether it is a picture of groups: of these each has its place, and nothing is to be bettered. */
export function isGrouped(nodes: readonly DrawnNode[]): boolean {
  return nodes.some(({ kind }) => kind === 'group')
}

/** Golden angle: points that follow each other by it fill a disc evenly (H. Vogel, 1979). */
const GOLDEN = Math.PI * (3 - Math.sqrt(5))

/** Groups on a disc by name, and the members of each on a smaller disc around it: the same each time, however many are open. */
function placeGrouped(nodes: readonly DrawnNode[], known: ReadonlyMap<string, Point>): Map<string, Point> {
  const places = new Map<string, Point>()
  const groups = nodes.filter(({ kind }) => kind === 'group').sort(byKey)
  const centres = new Map<string, Point>()
  for (const [at, { key, group }] of groups.entries()) {
    const centre = known.get(key) ?? onDisc({ x: 0, y: 0 }, at, FIELD)
    places.set(key, centre)
    centres.set(group, centre)
  }
  const radius = FIELD * DISC_SHARE
  for (const [group, members] of Map.groupBy(nodes, (node) => node.group)) {
    const inside = members.filter(({ kind }) => kind !== 'group').sort(byKey)
    const step = radius / Math.sqrt(inside.length + 1)
    for (const [at, { key }] of inside.entries())
      places.set(key, known.get(key) ?? onDisc(centres.get(group) ?? { x: 0, y: 0 }, at + 1, step))
  }
  return places
}

/** Of the distance between two groups, what the disc of each may take: neighbours by the golden angle are about 1.8 steps apart. */
const DISC_SHARE = 0.8

function onDisc({ x, y }: Point, at: number, step: number): Point {
  const radius = step * Math.sqrt(at)
  return { x: x + radius * Math.cos(at * GOLDEN), y: y + radius * Math.sin(at * GOLDEN) }
}

function byKey(one: DrawnNode, other: DrawnNode): number {
  return one.key < other.key ? -1 : 1
}

/** What a worker needs to better these places. Links within a group pull harder, so that groups stay together. */
export function layoutTask(
  nodes: readonly DrawnNode[],
  edges: readonly DrawnEdge[],
  places: ReadonlyMap<string, Point>,
  known: ReadonlyMap<string, Point>,
): LayoutTask {
  const index = new Map(nodes.map(({ key }, at) => [key, at]))
  const groups = nodes.map(({ group }) => group)
  const ends = edges.flatMap(({ source, target }) => {
    const [a, b] = [index.get(source), index.get(target)]
    return a === undefined || b === undefined ? [] : [[a, b] as const]
  })
  return {
    x: Float64Array.from(nodes, ({ key }) => places.get(key)?.x ?? 0),
    y: Float64Array.from(nodes, ({ key }) => places.get(key)?.y ?? 0),
    sizes: Float64Array.from(nodes, ({ size }) => size),
    fixed: Uint8Array.from(nodes, ({ key }) => (known.has(key) ? 1 : 0)),
    sources: Uint32Array.from(ends, ([a]) => a),
    targets: Uint32Array.from(ends, ([, b]) => b),
    weights: Float64Array.from(ends, ([a, b]) => (groups[a] === groups[b] ? 1 : 0.08)),
  }
}

function centreOf(
  group: string,
  at: number,
  groups: number,
  nodes: readonly DrawnNode[],
  known: ReadonlyMap<string, Point>,
): Point {
  const placed = nodes.flatMap((node) => {
    const point = node.group === group ? known.get(node.key) : undefined
    return point ? [point] : []
  })
  const mean = (of: (point: Point) => number) =>
    placed.reduce((sum, point) => sum + of(point), 0) / placed.length
  if (placed.length > 0) return { x: mean(({ x }) => x), y: mean(({ y }) => y) }
  if (groups === 1) return { x: 0, y: 0 }
  const angle = (2 * Math.PI * at) / groups
  const radius = FIELD * Math.max(1, Math.sqrt(groups) / 2)
  return { x: radius * Math.cos(angle), y: radius * Math.sin(angle) }
}

/** A place in a disc that follows from the key. */
function scatter({ x, y }: Point, key: string, spread: number): Point {
  const [one, two] = hash(key)
  const angle = 2 * Math.PI * one
  const radius = spread * Math.sqrt(two)
  return { x: x + radius * Math.cos(angle), y: y + radius * Math.sin(angle) }
}

/** Two numbers from 0 to 1 (FNV-1a, finished as MurmurHash3 does). */
function hash(text: string): [number, number] {
  let state = 0x811c9dc5
  for (const character of text) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193)
  const mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
  const end = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return [((end ^ (end >>> 16)) >>> 0) / 2 ** 32, (Math.imul(end, 0x9e3779b1) >>> 0) / 2 ** 32]
}
