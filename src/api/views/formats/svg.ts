import type { Graph } from '../../schemas/graph.ts'
import { captionOf, nodeCaption } from './caption.ts'
import { xmlText } from './xml.ts'

type Link = Graph['links'][number]
type Node = Graph['nodes'][number]

interface Point {
  readonly x: number
  readonly y: number
}

/** In pixels. */
const DOT = 7
const LABEL_ROOM = 170
const LEAST_RADIUS = 90
/** Arc between two neighbours on the circle. */
const SPACING = 44

const COLOURS: Readonly<Record<Link['state'], string>> = {
  up: '#15803d',
  stale: '#b45309',
  down: '#b91c1c',
  pending: '#6b7280',
}
const DASHES: Readonly<Record<Link['path'], string>> = {
  lan: 'none',
  direct: 'none',
  punched: '8 3',
  relayed: '3 4',
  none: '1 6',
}

/** The graph as a picture: members on a circle, links by state (colour) and path (dashes). Nothing in it is fetched. */
export function toSvg(graph: Graph): string {
  const { nodes, links } = graph
  const radius = Math.max(LEAST_RADIUS, (nodes.length * SPACING) / (2 * Math.PI))
  const size = Math.ceil(2 * (radius + LABEL_ROOM))
  const places = new Map(nodes.map(({ id }, at) => [id, placeOf(at, nodes.length, radius, size / 2)]))
  const names = new Map(nodes.map(({ id, name }) => [id, name]))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" width="${size}" height="${size}" font-family="system-ui, sans-serif" font-size="12">`,
    `<title>${xmlText(`${graph.network} at revision ${graph.revision}`)}</title>`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    ...links.map((link) => drawLink(link, places, names)),
    ...nodes.map((node) => drawNode(node, places.get(node.id), size / 2)),
    '</svg>',
    '',
  ].join('\n')
}

function placeOf(at: number, count: number, radius: number, centre: number): Point {
  const angle = (2 * Math.PI * at) / Math.max(1, count) - Math.PI / 2
  return { x: round(centre + radius * Math.cos(angle)), y: round(centre + radius * Math.sin(angle)) }
}

function drawLink(
  link: Link,
  places: ReadonlyMap<string, Point>,
  names: ReadonlyMap<string, string>,
): string {
  const [a, b] = [places.get(link.a), places.get(link.b)]
  if (!a || !b) return ''
  const style = `stroke="${COLOURS[link.state]}" stroke-dasharray="${DASHES[link.path]}" stroke-width="1.5"`
  const caption = `${names.get(link.a) ?? link.a} - ${names.get(link.b) ?? link.b}: ${captionOf(link, names)}`
  return `<line x1="${a.x}" y1="${a.y}" x2="${b.x}" y2="${b.y}" ${style}><title>${xmlText(caption)}</title></line>`
}

function drawNode(node: Node, place: Point | undefined, centre: number): string {
  if (!place) return ''
  const { x, y } = place
  const isLeft = x < centre - 1
  const anchor = isLeft ? 'end' : 'start'
  const fill = node.online ? '#1d4ed8' : '#ffffff'
  const shape =
    node.roles.length > 0
      ? `<rect x="${x - DOT}" y="${y - DOT}" width="${2 * DOT}" height="${2 * DOT}" fill="${fill}" stroke="#1d4ed8"/>`
      : `<circle cx="${x}" cy="${y}" r="${DOT}" fill="${fill}" stroke="#1d4ed8"/>`
  const textX = x + (isLeft ? -1 : 1) * (DOT + 4)
  return `${shape}<text x="${textX}" y="${y + 4}" text-anchor="${anchor}">${xmlText(nodeCaption(node, ', '))}</text>`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
