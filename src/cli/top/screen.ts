import type { Graph } from '../../client/operations.ts'
import { orDash, table } from '../output.ts'

type Link = Graph['links'][number]

/** A graph and when it was seen: milliseconds of a clock that never goes back. */
export interface Look {
  readonly graph: Graph
  readonly at: number
}

interface Row {
  readonly link: Link
  /** Bytes a second since the look before; undefined at the first. */
  readonly rate: { readonly rx: number; readonly tx: number } | undefined
}

/** Lines that are no links. */
const HEADER_LINES = 4
const USUAL_LINES = 40

/**
 * One screen: a line of counts, then the links, what does not work before what does, the busiest first.
 * @param lines of the terminal; undefined: as many as are usual
 */
export function topScreen(
  network: string,
  now: Look,
  before: Look | undefined,
  names: ReadonlyMap<string, string>,
  lines: number | undefined,
): string {
  const room = Math.max(1, (lines ?? USUAL_LINES) - HEADER_LINES)
  const rows = rowsOf(now, before).toSorted(byNeed)
  const shown = rows
    .slice(0, room)
    .map(({ link, rate }) => [
      `${names.get(link.a) ?? link.a} - ${names.get(link.b) ?? link.b}`,
      link.state,
      link.via === null ? link.path : `${link.path} via ${names.get(link.via) ?? link.via}`,
      orDash(link.handshakeAgeSeconds),
      rate ? perSecond(rate.rx) : '-',
      rate ? perSecond(rate.tx) : '-',
    ])
  const more = rows.length > room ? `${rows.length - room} more\n` : ''
  return `${headline(network, now.graph)}\n\n${table(['link', 'state', 'path', 'handshake s', 'rx/s', 'tx/s'], shown)}${more}`
}

function headline(network: string, { revision, nodes, counts }: Graph): string {
  const online = nodes.filter((node) => node.online).length
  const links = `${counts.links} links: ${counts.up} up, ${counts.stale} stale, ${counts.down} down, ${counts.pending} pending`
  const paths = `${counts.lan} lan, ${counts.direct} direct, ${counts.punched} punched, ${counts.relayed} relayed`
  return `${network}, revision ${revision}, ${online}/${nodes.length} online; ${links} (${paths})`
}

function rowsOf({ graph, at }: Look, before: Look | undefined): Row[] {
  const known = new Map(before?.graph.links.map((link) => [`${link.a} ${link.b}`, link]))
  const seconds = before ? (at - before.at) / 1_000 : 0
  return graph.links.map((link) => {
    const old = known.get(`${link.a} ${link.b}`)
    if (!old || seconds <= 0) return { link, rate: undefined }
    // Counters begin anew with an interface.
    const rate = (is: number, was: number) => Math.max(0, is - was) / seconds
    return { link, rate: { rx: rate(link.rxBytes, old.rxBytes), tx: rate(link.txBytes, old.txBytes) } }
  })
}

const NEED: readonly Link['state'][] = ['down', 'stale', 'pending', 'up']

function byNeed(a: Row, b: Row): number {
  return NEED.indexOf(a.link.state) - NEED.indexOf(b.link.state) || busy(b) - busy(a)
}

function busy({ rate }: Row): number {
  return rate ? rate.rx + rate.tx : 0
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** `0 B`, `12.3 kB`: decimal prefixes, three digits. */
export function perSecond(bytes: number): string {
  const at = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)))
  const value = bytes / 1_000 ** at
  return `${at === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[at]}`
}
